"""Publishing: complete, one version after the other, and never seen half done."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.authority.authority import Authority
from gate.authority.statuses import StatusTable
from gate.core.model import Listing
from gate.core.rules import parse_rules
from gate.core.trust import parse_trust
from gate.errors import GateError, PublishError, SyncError
from gate.store import status_wire as wire
from gate.store.documents import RULES, TRUST
from tests.publications import fetched

START = 1_800_000_000


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority.create(tmp_path / "authority", at=START)
    made.add_issuer("ashyq", at=START)
    return made


def fetch(authority: Authority, folder: Path | None = None) -> tuple[wire.Head, bytes]:
    """What a gate gets, checked against its head."""
    head, nibbles, _ = fetched(folder or authority.public, authority.path / "root.json", START)
    assert hashlib.sha256(nibbles).hexdigest() == head.sha256
    assert sum((byte & 15 != 0) + (byte >> 4 != 0) for byte in nibbles) == head.listed
    return head, nibbles


def document(authority: Authority, name: str, folder: Path | None = None) -> bytes:
    return fetched(folder or authority.public, authority.path / "root.json", START)[2][name]


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def listings(nibbles: bytes, size: int) -> list[int]:
    return [nibbles[idx // 2] >> (4 if idx % 2 else 0) & 15 for idx in range(size)]


@given(st.dictionaries(st.integers(0, 200), st.sampled_from(Listing), min_size=1))
def test_the_nibbles_on_the_wire_say_what_was_set(wanted: dict[int, Listing]) -> None:
    statuses = StatusTable.load(Path("/nonexistent"), 1000)
    statuses.set(wanted)
    assert statuses.size == max(wanted) + 1
    expected = [int(wanted.get(idx, Listing.UNLISTED)) for idx in range(statuses.size)]
    assert listings(statuses.nibbles(), statuses.size) == expected
    assert len(statuses.nibbles()) == wire.byte_length(statuses.size)
    assert statuses.listed == sum(value != 0 for value in expected)


def test_a_publication_is_complete(authority: Authority, tmp_path: Path) -> None:
    authority.set_statuses({0: Listing.GREEN, 4: Listing.REVOKED})
    returned = authority.publish(tmp_path / "out" / "pub", START)
    head, nibbles = fetch(authority, tmp_path / "out" / "pub")
    assert head == returned
    assert (head.version, head.as_of, head.size, head.listed) == (1, START, 5, 2)
    assert listings(nibbles, 5) == [4, 0, 0, 0, 5]
    assert document(authority, TRUST, tmp_path / "out" / "pub") == authority.trust_json()
    assert parse_rules(document(authority, RULES, tmp_path / "out" / "pub")).version == 1


def test_an_empty_list_is_published_as_one_place_that_is_not_listed(authority: Authority) -> None:
    authority.publish(authority.public, START)
    head, nibbles = fetch(authority)
    assert (head.size, head.listed, nibbles) == (1, 0, b"\0")


def test_versions_go_up_and_the_snapshot_before_stays_for_who_is_fetching_it(authority: Authority) -> None:
    for number in range(1, 5):
        authority.set_status(number, Listing.GREEN)
        assert authority.publish(authority.public, START + number).version == number
    names = sorted(path.name.partition(".")[2] for path in (authority.public / "targets/status").iterdir())
    assert [name for name in names if name.startswith("snapshot")] == ["snapshot-3.zst", "snapshot-4.zst"]
    metadata = {path.name for path in (authority.public / "metadata").iterdir()}
    assert metadata >= {"timestamp.json", "1.root.json", "3.snapshot.json", "4.snapshot.json"}
    assert "2.snapshot.json" not in metadata


def test_two_folders_never_get_one_version_with_two_contents(authority: Authority, tmp_path: Path) -> None:
    assert authority.publish(tmp_path / "one", START).version == 1
    authority.set_status(1, Listing.GREEN)
    assert authority.publish(tmp_path / "two", START).version == 2
    assert authority.publish(tmp_path / "one", START).version == 3


def test_an_authority_from_a_backup_goes_on_after_what_is_published(authority: Authority) -> None:
    state = (authority.path / "authority.json").read_bytes()
    authority.publish(authority.public, START)
    authority.publish(authority.public, START)
    (authority.path / "authority.json").write_bytes(state)
    assert authority.publish(authority.public, START).version == 3


def test_a_clock_that_went_back_publishes_nothing(authority: Authority) -> None:
    authority.publish(authority.public, START)
    authority.publish(authority.public, START)  # the same second is no harm
    with pytest.raises(PublishError, match="earlier"):
        authority.publish(authority.public, START - 1)
    assert fetch(authority)[0].version == 2


def test_a_damaged_publication_is_healed(authority: Authority) -> None:
    authority.publish(authority.public, START)
    for path in files_in(authority.public):
        path.write_bytes(b"{")
    authority.publish(authority.public, START)
    assert fetch(authority)[0].version == 2
    assert parse_trust(document(authority, TRUST)).version == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rules: rules["rules"][3]["admit"].append("red"), "red"),
        (lambda rules: rules["rules"].clear(), "rules"),
        (lambda rules: rules["rules"][1]["admit"].append("blue"), "example 1 fails"),
        (lambda rules: rules["rules"].reverse(), "example"),
        (lambda rules: rules["rules"][0].update(kategories=["x"]), "kategories"),
        (lambda rules: rules["examples"].pop(), "raise|Raise"),
        (lambda rules: rules.update(version=0), "version"),
    ],
)
def test_rules_that_gates_would_refuse_are_not_published(
    authority: Authority, change: Callable[[Any], object], says: str
) -> None:
    authority.publish(authority.public, START)
    before = files_in(authority.public)
    rules = json.loads((authority.path / "rules.json").read_text())
    change(rules)
    (authority.path / "rules.json").write_text(json.dumps(rules))
    with pytest.raises(PublishError, match=says):
        authority.publish(authority.public, START + 1)
    assert files_in(authority.public) == before


def test_rules_with_a_raised_version_are_published_and_cannot_go_back(authority: Authority) -> None:
    authority.publish(authority.public, START)
    first = (authority.path / "rules.json").read_text()
    (authority.path / "rules.json").write_text(first.replace('"version": 1', '"version": 2'))
    authority.publish(authority.public, START)
    assert parse_rules(document(authority, RULES)).version == 2
    (authority.path / "rules.json").write_text(first)
    with pytest.raises(PublishError, match="version 2 is published"):
        authority.publish(authority.public, START)


def test_an_older_trust_list_is_not_published(authority: Authority) -> None:
    older = authority.trust_json()
    authority.add_issuer("aitu", at=START)
    authority.publish(authority.public, START)
    (authority.path / "trust.json").write_bytes(older)
    with pytest.raises(PublishError, match=r"trust\.json: version 2 is published"):
        authority.publish(authority.public, START)


def test_an_authority_that_is_older_than_what_is_published_publishes_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    shutil.copytree(authority.path, tmp_path / "backup")
    authority.publish(tmp_path / "www", START)
    before = files_in(tmp_path / "www")
    older = Authority.open(tmp_path / "backup")
    authority.publish(tmp_path / "www", START)
    older.publish(tmp_path / "elsewhere", START)
    assert files_in(tmp_path / "www") != before
    before = files_in(tmp_path / "www")
    with pytest.raises(PublishError, match="newest copy"):
        Authority.open(tmp_path / "backup")._repository.place(tmp_path / "www")
    assert files_in(tmp_path / "www") == before


def test_without_an_issuer_nothing_is_published(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "a", at=START)
    with pytest.raises(PublishError, match="no issuer"):
        authority.publish(authority.public, START)
    assert not authority.public.exists()


def test_a_folder_that_cannot_be_written_is_named(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GateError, match="file"):
        authority.publish(tmp_path / "file", START)


def test_a_reader_always_sees_a_head_and_its_snapshot(authority: Authority) -> None:
    """In version V exactly V places are listed, so that a mixture would show."""
    authority.set_status(0, Listing.GREEN)
    authority.publish(authority.public, START)
    seen: list[int] = []
    problems: list[str] = []
    done = threading.Event()

    def publication() -> int:
        return int(json.loads((authority.public / "metadata/timestamp.json").read_text())["signed"]["version"])

    def look() -> None:
        head, _ = fetch(authority)
        if head.listed != head.version or head.as_of != START + head.version - 1:
            problems.append(f"version {head.version} with the content of another")
        seen.append(head.version)

    def read() -> None:
        while not done.is_set():
            before = publication()
            try:
                look()
            except SyncError as error:  # overtaken by two publications: then, and only then, a file may be gone
                if publication() < before + 2:
                    problems.append(f"publication {before}: {error}")
            except (AssertionError, GateError) as error:
                problems.append(repr(error))
            done.wait(0.0005)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 51):
        authority.set_status(number, Listing.GREEN)
        authority.publish(authority.public, START + number)
    done.set()
    reader.join()
    assert problems == []
    assert seen == sorted(seen)
    assert len(set(seen)) > 10


_PUBLISH_FOR_EVER = """
import sys
from pathlib import Path
from gate.authority.authority import Authority
authority = Authority.open(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    authority.publish(authority.public, int(sys.argv[2]))
"""


@pytest.mark.parametrize("moment", [0.02, 0.05, 0.09])
def test_a_publisher_that_is_killed_leaves_a_whole_publication(authority: Authority, moment: float) -> None:
    authority.set_statuses({idx: Listing(1 + idx % 4) for idx in range(5000)})
    authority.publish(authority.public, START)
    with subprocess.Popen(
        [sys.executable, "-c", _PUBLISH_FOR_EVER, str(authority.path), str(START)], stdout=subprocess.PIPE
    ) as publisher:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == b"ready\n"
        time.sleep(moment)
        publisher.send_signal(signal.SIGKILL)
    left, _ = fetch(authority)
    assert left.listed == 5000
    assert authority.publish(authority.public, START).version > left.version
    fetch(authority)
    assert not list(authority.public.rglob("*.part"))


_SET_PLACES = """
import sys
from pathlib import Path
from gate.authority.authority import Authority
from gate.core.model import Listing
authority = Authority.open(Path(sys.argv[1]))
for idx in range(int(sys.argv[2]), 60, 2):
    authority.set_status(idx, Listing.GREEN)
"""


def test_two_commands_at_once_lose_nothing(authority: Authority) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", _SET_PLACES, str(authority.path), start]) for start in "01"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert [authority.listing(idx) for idx in range(60)] == [Listing.GREEN] * 60
