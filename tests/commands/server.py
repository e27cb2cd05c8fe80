"""Fork commands from a process that has their modules loaded: a start costs 0.02 s of processor instead of 0.45 s.

    python -m tests.commands.server SOCKET

A connection brings one request: a line of JSON, with descriptors for standard input, output and error.  It is answered
by the process id and, when that process has ended, by its wait status.  The server ends with its standard input.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import socket
import sys
import warnings
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

import click

from gate.cli.main import gate
from tests.commands.request import LONGEST, Request

RARE = {"demo", "lane-sim"}  # commands that load what no other needs
OTHERS = ("drivers.barriers.serial_frames", "drivers.inputs.fake", "drivers.readers.replay", "gate.sync.sync")


def serve(listener: socket.socket) -> Request:
    """Return in a child only: what it is to do."""
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is sys.stdin:
                os._exit(0)
            if key.fileobj is not listener:
                ended(waiting, key)
                continue
            client, _address = listener.accept()
            request, streams = receive(client)
            child = os.fork()
            if child == 0:
                forget(waiting, client)
                become(request, streams)
                return request
            for stream in streams:
                os.close(stream)
            client.sendall(f"{child}\n".encode())
            waiting.register(os.pidfd_open(child), selectors.EVENT_READ, (child, client))


def receive(client: socket.socket) -> tuple[Request, list[int]]:
    data, streams, _, _ = socket.recv_fds(client, LONGEST, 3)
    while not data.endswith(b"\n"):
        data += client.recv(LONGEST)
    return Request(**json.loads(data)), streams


def ended(waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    child, client = key.data
    waiting.unregister(key.fileobj)
    os.close(key.fd)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):  # a test that does not wait has closed its end
        client.sendall(f"{status}\n".encode())
    client.close()


def forget(waiting: selectors.BaseSelector, client: socket.socket) -> None:
    """Close what is the server's, in a child."""
    client.close()
    for key in list(waiting.get_map().values()):
        if key.fileobj is not sys.stdin:
            os.close(key.fd)
        if key.data:
            key.data[1].close()
    waiting.close()


def become(request: Request, streams: list[int]) -> None:
    """Have streams, environment, folder and session as if just started."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (
        TextIOWrapper(
            os.fdopen(number, mode, closefd=False), encoding="utf-8", errors=errors, line_buffering=number == 2
        )
        for number, mode, errors in ((0, "rb", "strict"), (1, "wb", "strict"), (2, "wb", "backslashreplace"))
    )
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    if request.session:
        os.setsid()
    if request.umask is not None:
        os.umask(request.umask)
    if request.strict:
        warnings.simplefilter("error")
    if customise := request.environment.get("PYTHONPATH"):
        for module in Path(customise).glob("sitecustomize.py"):
            runpy.run_path(str(module))


def main() -> None:
    context = click.Context(gate)
    for name in set(gate.list_commands(context)) - RARE:
        gate.get_command(context, name)
    for module in OTHERS:
        importlib.import_module(module)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    gc.freeze()  # children copy no pages for it
    print("ready", flush=True)
    request = serve(listener)
    listener.detach()  # closed, in this child
    sys.argv = [request.module, *request.arguments]
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
