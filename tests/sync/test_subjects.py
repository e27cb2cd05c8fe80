"""People found by IIN: only at gates that ask for it, and with nothing to find on the way there."""

import hashlib
import io
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.authority import subjects as module
from gate.authority.roles import SigningRole
from gate.authority.subjects import plan
from gate.core.model import Listing
from gate.errors import PublishError, StoreError
from gate.store import subject_wire
from gate.store.device_key import load_or_make
from gate.store.places import Places
from gate.store.subject_files import SubjectFiles
from gate.store.subject_segments import decode_segment, encode_segment
from gate.store.subject_wire import SubjectSegment, SubjectsHead
from gate.store.subjects import find_subject, held_subjects
from gate.sync.signed_list import ForgedError
from gate.sync.signed_subjects import confirm
from gate.sync.sync import ListSource, Outcome, sync
from gate.sync.takeover import take_over
from tests.commands.process import run_gate
from tests.sync.servers import MirrorServer, corrupted
from tests.sync.world import World


def person(number: int) -> str:
    """A made-up id; the index does not look at check digits."""
    return f"{(number * 7919) % 10**12:012d}"


def take_in(world: World, first: int, last: int) -> None:
    rows = "\n".join(f"{person(number)},{'green' if number % 2 else 'blue'}" for number in range(first, last))
    world.authority.import_csv(io.BytesIO(f"person,status\n{rows}\n".encode()))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    take_in(made, 0, 3000)
    return made


def key_of(world: World) -> SigningKey:
    return load_or_make(world.state)


def ask(world: World, *mirrors: str, key: SigningKey | None = None, forget: bool = False) -> Outcome:
    source = ListSource(
        mirrors or (world.public.as_uri(),), world.root, world.state, 1e9, key.verify_key if key else None, forget
    )
    return sync(source, world.now)


def register(world: World) -> SigningKey:
    key = key_of(world)
    world.authority.add_device("ala-t2-07", bytes(key.verify_key).hex())
    return key


def test_everybody_is_found_and_nobody_else(world: World) -> None:
    key = register(world)
    world.publish()
    assert ask(world, key=key).problems == ()
    for number in range(0, 3000, 7):
        idx = find_subject(person(number), key, world.state)
        assert idx == world.authority.place_of(person(number))
        assert idx is not None
        assert world.held(idx) == [Listing.GREEN if number % 2 else Listing.BLUE]
    assert find_subject("999999999999", key, world.state) is None


def test_new_people_come_in_small_files(world: World) -> None:
    key = register(world)
    world.publish()
    with MirrorServer(world.public) as mirror:
        ask(world, mirror.address, key=key)
        for first in (3000, 3010, 3020, 3500):
            take_in(world, first, first + 10)
            world.publish()
            mirror.asked.clear()
            ask(world, mirror.address, key=key)
            fetched = [path for path in mirror.asked if "subjects/" in path and path.endswith(".zst")]
            assert len(fetched) <= 2
            assert find_subject(person(first + 3), key, world.state) == world.authority.place_of(person(first + 3))
        assert find_subject(person(17), key, world.state) == world.authority.place_of(person(17))


def test_who_does_not_ask_gets_none_of_it(world: World) -> None:
    register(world)
    world.publish()
    with MirrorServer(world.public) as mirror:
        ask(world, mirror.address)
        assert not [path for path in mirror.asked if "subjects" in path]
    assert held_subjects(world.state) is None
    with pytest.raises(StoreError, match="no subject index"):
        find_subject(person(1), key_of(world), world.state)


def test_a_device_that_stops_checking_forgets(world: World) -> None:
    key = register(world)
    world.publish()
    ask(world, key=key)
    ask(world)  # a list loaded by hand takes nothing away
    assert held_subjects(world.state) is not None
    ask(world, forget=True)
    assert held_subjects(world.state) is None


def test_a_device_that_is_not_registered_is_told_and_has_its_list_all_the_same(world: World) -> None:
    world.publish()
    outcome = ask(world, key=key_of(world))
    assert "add-device" in outcome.problems[0]
    assert world.version == 1


def test_a_stolen_mirror_reveals_nothing(world: World) -> None:
    """Neither an id nor its digest without the key, nor the key itself; another device cannot open it."""
    register(world)
    world.publish()
    secret = bytes.fromhex((world.authority.path / "private/subject.key").read_text())
    published = b"".join(path.read_bytes() for path in world.public.rglob("*") if path.is_file())
    packed = [path for path in world.public.rglob("*.zst") if "subjects" in str(path)]
    digests = b"".join(decode_segment(path.read_bytes(), segment_of(path)) for path in packed)
    assert secret not in published
    assert secret.hex().encode() not in published
    for number in (1, 17, 2999):
        plain = hashlib.blake2b(person(number).encode(), digest_size=8).digest()
        keyed = hashlib.blake2b(person(number).encode(), digest_size=8, key=secret).digest()
        assert person(number).encode() not in published
        assert plain not in digests
        assert keyed in digests
    sealed = next(world.public.glob("targets/subjects/keys/*.key")).read_bytes()
    with pytest.raises(PublishError, match="not sealed to this device"):
        subject_wire.unseal(sealed, SigningKey.generate())


def segment_of(path: Path) -> SubjectSegment:
    first, last = path.name.split(".")[1].split("-")
    return SubjectSegment(first=int(first), last=int(last))


def test_a_damaged_segment_is_not_taken_and_comes_again(world: World) -> None:
    key = register(world)
    world.publish()
    with MirrorServer(world.public) as mirror:
        mirror.faults["targets/subjects/"] = corrupted
        assert ask(world, mirror.address, key=key).problems
        assert held_subjects(world.state) is None
        assert world.version == 1
        mirror.faults.clear()
        assert not ask(world, mirror.address, key=key).problems
    assert find_subject(person(5), key, world.state) is not None


def test_a_new_subject_key_replaces_everything(world: World) -> None:
    key = register(world)
    world.publish()
    ask(world, key=key)
    other = World(world.folder / "other")
    take_in(other, 0, 50)
    other.authority.add_device("ala-t2-07", bytes(key.verify_key).hex())
    before = find_subject(person(7), key, world.state)
    assert before is not None
    (world.authority.path / "private/subject.key").write_text("ab" * 32)
    for name in ("people.json", "people.digests"):
        (world.authority.path / name).unlink()
    take_in(world, 0, 200)
    world.publish()
    assert not ask(world, key=key).problems
    assert find_subject(person(7), key, world.state) == world.authority.place_of(person(7))
    assert find_subject(person(2500), key, world.state) is None


def test_a_place_that_was_signed_is_confirmed_while_the_list_goes_on(world: World) -> None:
    key = register(world)
    world.publish()
    assert ask(world, key=key).problems == ()
    for role in (SigningRole.SUBJECTS, SigningRole.SNAPSHOT, SigningRole.TIMESTAMP):
        world.authority.rotate_role(role, world.now)
    take_in(world, 3000, 3010)
    world.publish()
    assert ask(world, key=key).problems == ()
    world.publish()
    ask(world, key=key)
    take_over(Places.of(world.state), world.root)
    for number in (17, 3007):
        place = world.authority.place_of(person(number))
        assert find_subject(person(number), key, world.state) == place
        assert place is not None
        confirm(person(number), place, key, Places.of(world.state), world.root.read_bytes())
        with pytest.raises(ForgedError):
            confirm(person(number), place - 1, key, Places.of(world.state), world.root.read_bytes())


@pytest.mark.parametrize("kind", ["two people exchanged", "a key of one's own", "without signatures"])
def test_a_forged_index_names_nobody_to_staff(world: World, kind: str) -> None:
    """Every digest in it is right."""
    key = register(world)
    world.publish()
    ask(world, key=key)
    files = SubjectFiles(world.state / "subjects")
    index = files.read_index()
    assert index is not None
    (piece,) = index.pieces
    digests = np.frombuffer(files.read_piece(index.key, piece), ">u8").copy()
    if kind == "a key of one's own":
        secret = b"k" * 32
        mine = [int.from_bytes(hashlib.blake2b(person(17).encode(), key=secret, digest_size=8).digest(), "big")]
        digests[:] = sorted(digests)
        digests[:1] = mine
        sealed = subject_wire.seal(secret, key.verify_key)
        index = replace(index, key=subject_wire.key_name(secret), sealed=sealed, runs=(0, 1))
    elif kind == "without signatures":
        index = replace(index, proof={})
    else:
        place = find_subject(person(17), key, world.state) or 0
        digests[[place, place - 1]] = digests[[place - 1, place]]
        index = replace(index, runs=tuple(sorted({*index.runs, place - 1, place, place + 1})))
    files.write_piece(index.key, 0, digests.tobytes())
    files.write_index(index)
    found = find_subject(person(17), key, world.state)
    assert found is not None
    with pytest.raises(ForgedError):
        confirm(person(17), found, key, Places.of(world.state), world.root.read_bytes())


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=300))
def test_segments_round_trip(digests: list[int]) -> None:
    segment = SubjectSegment(first=5, last=5 + len(digests))
    packed = encode_segment(np.array(digests, np.uint64))
    assert decode_segment(packed, segment) == b"".join(digest.to_bytes(8, "big") for digest in digests)
    with pytest.raises(PublishError):
        decode_segment(packed, SubjectSegment(first=5, last=6 + len(digests)))


@given(st.binary(max_size=100))
def test_a_damaged_segment_is_refused(data: bytes) -> None:
    with pytest.raises(PublishError):
        decode_segment(data, SubjectSegment(first=0, last=4))


@given(st.lists(st.integers(1, 5000), max_size=40))
def test_segments_stay_few_and_leave_no_gap(growth: list[int]) -> None:
    segments: tuple[SubjectSegment, ...] = ()
    places = 0
    for more in growth:
        places += more
        segments = plan(segments, places)
        assert SubjectsHead(key="0" * 16, runs=(), segments=segments).places == places
        sizes = [segment.last - segment.first for segment in segments]
        assert all(later < earlier for earlier, later in pairwise(sizes))


def test_no_segment_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PLACES", 100)
    assert [segment.last for segment in plan((), 250)] == [100, 200, 250]
    assert [segment.last for segment in plan(plan((), 250), 390)] == [100, 200, 300, 390]


def test_the_commands_of_device_and_authority(world: World) -> None:
    def gate(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return run_gate(*words, given=typed)

    state = ("--state-dir", str(world.state))
    printed = gate("list", "device-key", *state).stdout.strip()
    assert bytes.fromhex(printed) == bytes(key_of(world).verify_key)
    assert gate("authority", "add-device", str(world.authority.path), "ala-t2-07", printed.upper()).returncode == 0
    iin = "900101300017"
    world.authority.import_csv(io.BytesIO(f"person,status\n{iin},green\n".encode()))
    world.publish()
    ask(world, key=key_of(world))
    found = gate("list", "find", *state, typed=iin + "\n")
    assert found.stdout == (
        f"place {world.authority.place_of(iin)}, status green: whether they may enter, the rules of a configuration "
        "say (--config)\n"
    )
    wrong = gate("list", "find", *state, typed="900101300018\n")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "900101300018" not in wrong.stderr + wrong.stdout
    assert gate("authority", "remove-device", str(world.authority.path), "ala-t2-07").returncode == 0
    assert gate("authority", "remove-device", str(world.authority.path), "ala-t2-07").returncode == 2
