"""Private keys that are sealed by a passphrase, as an operator meets them."""

import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gate.authority.private_keys import PrivateKeys
from gate.authority.sealing import AskPassphrase, SealedError
from gate.cli import passphrase
from gate.cli.main import gate as cli
from gate.errors import StoreError, UsageError
from tests.commands.process import run_gate
from tests.system.rig import eventually

pytestmark = pytest.mark.slow  # each command that opens keys takes Argon2id's time

WORDS = "four words nobody guesses"
OTHER = "some other words of mine"


def gate(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_gate("authority", *arguments, env=os.environ | environment)


def good(*arguments: str | Path, **environment: str) -> str:
    done = gate(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words"
    file.write_text(f"{WORDS}\n")
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "authority"


def sealed(folder: Path) -> set[str]:
    """Kinds of the keys that are sealed."""
    named = [path for path in folder.glob("*.key") if path.read_text().startswith("{")]
    return {re.sub(r"^[0-9a-f]{16}$", "issuer", path.stem.rsplit("-", 1)[0]) for path in named}


def answering(words: str) -> AskPassphrase:
    def ask(what: str, *, new: bool) -> str:  # noqa: ARG001 - whatever is asked for
        return words

    return ask


ALL = {"tuf-root", "tuf-targets", "tuf-status", "tuf-subjects", "tuf-snapshot", "tuf-timestamp", "subject"}


def test_a_sealed_authority_does_all_with_its_passphrase_and_nothing_without(home: Path, words: Path) -> None:
    given = ("--passphrase-file", words)
    good("init", home, "--seal", *given)
    assert sealed(home / "private") == ALL
    assert {oct(path.stat().st_mode)[-3:] for path in (home / "private").glob("*.key")} == {"600"}
    good("add-issuer", home, "ashyq", *given)
    assert sealed(home / "private") == ALL | {"issuer"}  # beside sealed keys a new one is sealed, too
    csv = home.parent / "statuses.csv"
    csv.write_text("person,status\n123456789012,green\nsomebody-else,green\n")
    good("import", home, csv, *given)
    good("publish", home, *given)
    assert good("issue", home, "--issuer", "ashyq", "--idx", "0", "--status", "green", *given).startswith("AQ1:")
    good("rotate", home, "--role", "timestamp", *given)
    good("publish", home, GATE_PASSPHRASE_FILE=str(words))
    for refused in (
        gate("publish", home),
        gate("import", home, csv),
        gate("add-issuer", home, "aitu"),
        gate("issue", home, "--issuer", "ashyq", "--idx", "0", "--status", "green"),
    ):
        assert refused.returncode == 1
        assert refused.stderr.startswith("gate: the online keys in ")
        assert "--passphrase-file" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert WORDS not in "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())


def test_a_wrong_passphrase_is_one_line_and_changes_nothing(home: Path, words: Path) -> None:
    good("init", home, "--seal", "--passphrase-file", words)
    words.write_text(OTHER)
    before = {path.name: path.read_text() for path in (home / "private").iterdir()}
    for command in (("publish",), ("add-issuer", "ashyq"), ("unseal",)):
        done = gate(command[0], home, *command[1:], "--passphrase-file", words)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "the passphrase does not open" in line
    assert {path.name: path.read_text() for path in (home / "private").iterdir()} == before


def test_offline_keys_alone_leave_a_timer_its_online_keys(home: Path, words: Path, tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    good("init", home, "--keys", medium, "--seal", "--only", "offline", "--passphrase-file", words)
    assert sealed(medium) == {"tuf-root", "tuf-targets"}
    assert sealed(home / "private") == set()
    good("add-issuer", home, "ashyq")
    done = gate("publish", home, "--keys", medium)
    assert done.returncode == 1  # the trust list has changed
    assert f"the offline keys in {medium} are sealed" in done.stderr
    good("publish", home, "--keys", medium, "--passphrase-file", words)
    good("publish", home, "--keys", medium)  # statuses only
    good("publish", home)


def test_keys_that_are_there_are_sealed_and_made_plain_again(home: Path, words: Path) -> None:
    given = ("--passphrase-file", words)
    good("init", home)
    plain = {path.name: path.read_text() for path in (home / "private").iterdir()}
    assert good("seal", home, "--only", "offline", *given) == "2 keys are sealed now\n"
    assert sealed(home / "private") == {"tuf-root", "tuf-targets"}
    assert good("seal", home, *given) == "5 keys are sealed now\n"
    assert good("seal", home, *given) == "every key was sealed already\n"
    good("add-issuer", home, "ashyq", *given)
    good("publish", home, *given)
    assert good("unseal", home, *given) == "8 keys are plain now\n"
    now = {path.name: path.read_text() for path in (home / "private").iterdir()}
    assert plain.items() <= now.items()
    good("publish", home)


def test_a_short_passphrase_seals_nothing(home: Path, words: Path) -> None:
    words.write_text("short")
    done = gate("init", home, "--seal", "--passphrase-file", words)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "12 characters at least" in done.stderr
    assert not (home / "authority.json").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 2000])
def test_a_passphrase_file_that_is_none(home: Path, words: Path, content: bytes) -> None:
    words.write_bytes(content)
    done = gate("init", home, "--seal", "--passphrase-file", words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert gate("init", home, "--seal", "--passphrase-file", words.with_name("none")).returncode == 2


def test_a_passphrase_comes_by_a_descriptor_and_is_read_once(home: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, f"{WORDS}\n".encode())
    os.close(writer)
    command = [sys.executable, "-m", "gate", "authority", "init", str(home), "--seal", "--passphrase-file"]
    done = subprocess.run([*command, f"/dev/fd/{reader}"], pass_fds=(reader,), capture_output=True, check=False)
    os.close(reader)
    assert done.returncode == 0, done.stderr
    assert sealed(home / "private") == ALL


def test_a_pipe_into_which_nobody_writes_is_not_waited_for_without_end(
    home: Path, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "SAY_AFTER", 0.05)
    monkeypatch.setattr(passphrase, "GIVEN_WITHIN", 0.05)
    pipe = words.with_name("pipe")
    os.mkfifo(pipe)

    done = CliRunner().invoke(cli, ["authority", "init", str(home), "--seal", "--passphrase-file", str(pipe)])

    assert f"Waiting for the passphrase in {pipe}" in done.stderr
    assert isinstance(done.exception, UsageError)
    assert "no passphrase came within" in str(done.exception)


def test_at_a_terminal_it_is_asked_for_without_echo(home: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-m", "gate", "authority", "init", str(home), "--seal", "--only", "offline"]
        os.execv(sys.executable, command)  # noqa: S606 - ours
    said = b""
    os.set_blocking(terminal, False)

    def asks(what: bytes) -> bool:
        nonlocal said
        try:
            said += os.read(terminal, 4096)
        except OSError:
            time.sleep(0.01)
        return what in said

    eventually(lambda: asks(b"Passphrase of the offline keys"), "the question")
    time.sleep(0.2)  # getpass turns the echo off after its question
    os.write(terminal, f"{WORDS}\n".encode())
    eventually(lambda: asks(b"Repeat"), "the second question")
    time.sleep(0.2)
    os.write(terminal, f"{WORDS}\n".encode())
    eventually(lambda: asks(b"is an authority"), "the end")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)
    assert WORDS.encode() not in said
    assert sealed(home / "private") == {"tuf-root", "tuf-targets"}


@pytest.mark.parametrize(
    "change",
    [{"mem_kib": 2**30}, {"ops": 10**6}, {"kdf": "none"}, {"salt": ""}, {"box": "00"}, {"more": 1}, {"sealed": 2}],
)
def test_a_tampered_file_is_no_key_and_takes_no_memory(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "tuf-root-1.key"
    keys = PrivateKeys(answering(WORDS))
    path.write_text("00" * 32)
    keys.seal(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(StoreError, match="is not a key"):
        keys.read(path)


def test_a_changed_box_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "tuf-root-1.key"
    keys = PrivateKeys(answering(WORDS))
    path.write_text("00" * 32)
    keys.seal(path)
    form = json.loads(path.read_text())
    path.write_text(json.dumps({**form, "box": form["box"][:-1] + ("0" if form["box"][-1] != "0" else "1")}))
    with pytest.raises(SealedError):
        keys.read(path)


def test_words_typed_on_another_keyboard_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tuf-root-1.key"
    path.write_text("11" * 32)
    composed, apart = "\u0439 and eleven more", "\u0438\u0306 and eleven more"
    PrivateKeys(answering(composed)).seal(path)
    assert PrivateKeys(answering(apart)).read(path) == b"\x11" * 32
