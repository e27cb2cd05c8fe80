"""Who may sign what: offline keys in a drawer, thresholds, and devices that follow."""

from pathlib import Path

import pytest

from gate.authority.authority import Authority
from gate.authority.roles import SigningRole
from gate.core.model import Listing
from gate.errors import UsageError
from gate.store import status_wire as wire
from gate.store.documents import RULES
from gate.testing.builders import rules_json
from tests.publications import fetched, visiting

START = 1_800_000_000
DAY = 86400


def make(folder: Path, *, root_keys: int = 1, threshold: int = 1) -> tuple[Authority, Path]:
    """An authority whose offline keys lie on a medium of their own, and that medium."""
    drawer = folder / "drawer"
    made = Authority.create(folder / "authority", at=START, keys=drawer, root_keys=root_keys, threshold=threshold)
    made.add_issuer("ashyq", at=START)
    (made.path / "rules.json").write_bytes(rules_json(1))
    made.publish(made.public, START)
    return Authority.open(made.path, drawer), drawer


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_statuses_are_published_without_the_drawer(tmp_path: Path) -> None:
    authority, drawer = make(tmp_path)
    assert {path.name for path in drawer.iterdir()} == {"tuf-root-1.key", "tuf-targets-1.key"}
    assert not list((authority.path / "private").glob("tuf-root*"))
    drawer.rename(tmp_path / "away")
    own = Authority.open(authority.path)
    own.set_status(7, Listing.RED)
    assert own.publish(own.public, START + 60).version == 2
    assert fetched(own.public, own.path / "root.json", START + 60)[0].version == 2


def test_rules_need_the_drawer_and_nothing_is_published_without(tmp_path: Path) -> None:
    authority, drawer = make(tmp_path)
    own = Authority.open(authority.path)
    (own.path / "rules.json").write_bytes(rules_json(2))
    before = files_in(own.public)
    with pytest.raises(UsageError, match=r"1 of the targets keys must sign, and 0 lie in .*--keys"):
        own.publish(own.public, START + 60)
    assert files_in(own.public) == before
    Authority.open(authority.path, drawer).publish(own.public, START + 120)
    _, _, documents = fetched(own.public, own.path / "root.json", START + 120)
    assert documents[RULES] == rules_json(2)


def test_two_of_three_must_sign_a_new_root(tmp_path: Path) -> None:
    authority, drawer = make(tmp_path, root_keys=3, threshold=2)
    first = tmp_path / "root-of-a-device.json"
    first.write_bytes((authority.path / "root.json").read_bytes())
    (drawer / "tuf-root-1.key").rename(tmp_path / "lost.key")
    authority.rotate_role(SigningRole.TIMESTAMP, START)
    authority.publish(authority.public, START + 60)
    with visiting(authority.public, first, START + 60) as repository:
        assert repository.length(wire.HEAD)
    (drawer / "tuf-root-2.key").unlink()
    with pytest.raises(UsageError, match="2 of the root keys must sign, and 1 lie in"):
        authority.rotate_role(SigningRole.TIMESTAMP, START)


@pytest.mark.parametrize(("keys", "threshold"), [(1, 2), (2, 3)])
def test_a_threshold_that_nobody_could_reach_is_refused(tmp_path: Path, keys: int, threshold: int) -> None:
    with pytest.raises(UsageError, match=f"{threshold} of {keys} root keys"):
        Authority.create(tmp_path / "a", at=START, root_keys=keys, threshold=threshold)


def test_what_offline_keys_signed_is_renewed_in_time(tmp_path: Path) -> None:
    """Two years go by with a publication a month; the device has the first root all the while."""
    authority, _ = make(tmp_path)
    first = tmp_path / "root-of-a-device.json"
    first.write_bytes((authority.path / "root.json").read_bytes())
    for month in range(1, 40):
        now = START + month * 30 * DAY
        authority.publish(authority.public, now, ahead=True)
        with visiting(authority.public, first, now + DAY) as repository:
            assert repository.length(wire.HEAD)


def test_an_expired_root_is_announced_while_its_key_is_away(tmp_path: Path) -> None:
    authority, _ = make(tmp_path)
    own = Authority.open(authority.path)
    own.publish(own.public, START + 30 * DAY, ahead=True)
    assert own.remarks(START + 30 * DAY) == ()
    (remark,) = own.remarks(START + 600 * DAY)
    assert "root.json and what offline keys signed end on 2029-01-1" in remark
    assert "--keys" in remark
