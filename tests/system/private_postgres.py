"""A PostgreSQL server for one test run: on a socket in a folder of its own, gone with it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

USER, PASSWORD = "reader", "hunter2"
OPTIONS = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", "max_connections": "10"}


@dataclass(frozen=True, slots=True)
class Server:
    socket: Path  # its folder

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{PASSWORD}@/postgres?host={self.socket}"

    def run(self, statement: str) -> None:
        with psycopg.connect(host=str(self.socket), user=USER, password=PASSWORD, dbname="postgres") as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Server]:
    # The path of a socket is short, and the server has a user of its own: root it refuses.
    folder = Path(tempfile.mkdtemp(prefix="gate-postgres-"))
    (initdb,) = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1:]
    account: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if account:
        shutil.chown(folder, "nobody", "nogroup")
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    options = [f"--{key}={value}" for key, value in {**OPTIONS, "unix_socket_directories": folder}.items()]
    try:
        made = [str(initdb), "-D", str(data), "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8"]
        subprocess.run([*made, "--locale=C", "--no-sync"], check=True, capture_output=True, cwd=folder, **account)
        with (folder / "log").open("wb") as log:
            command = [str(initdb.with_name("postgres")), "-D", str(data), *options]
            server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **account)
        try:
            yield _ready(Server(folder), server, folder / "log")
        finally:
            server.terminate()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


def _ready(server: Server, process: "subprocess.Popen[Any]", log: Path) -> Server:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return server
