"""Whatever the first mirror does, its visit ends, its problem is one line, and the second mirror is used.

Nothing here measures time: a visit that is not ended holds its test until that fails."""

import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.sync.allowance import VisitLimits
from gate.sync.round import ListSource, Outcome, Visited, visit_in_turn
from gate.sync.sync import visit_here
from gate.sync.visit_process import ProcessVisit
from gate.testing.census import children
from tests.sync import servers
from tests.sync.liars import HOLDING, WRONG, Liar, Lie
from tests.sync.servers import MirrorServer
from tests.sync.world import HOUR, World

SHORT = VisitLimits(answer=0.5, read=0.5, mirror=1.0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish()
    return made


def source(world: World) -> ListSource:
    return ListSource((), world.root, world.state, stale_after=6 * HOUR)


def visit(world: World, address: str, limits: VisitLimits = SHORT, tick: Callable[[], None] = lambda: None) -> Visited:
    """In a process of its own, as the daemon does."""
    return ProcessVisit(source(world), world.now, tick, limits=limits)(address)


def with_a_good_second(world: World, address: str, limits: VisitLimits = SHORT) -> Outcome:
    def visits(asked: str) -> Visited:
        if asked == address:
            return visit(world, address, limits)
        return visit_here(source(world), world.now, asked, lambda _: None)

    return visit_in_turn((address, world.public.as_uri()), visits, lambda _: True)


def is_one_clear_line(problem: str) -> bool:
    """No library's wording, no tuple, nothing that a terminal obeys."""
    foreign = ("urllib3", "HTTPConnection", "Errno", "Error(", "object at", "tuf", "('", "Traceback")
    return problem.isprintable() and not any(word in problem for word in foreign)


@pytest.mark.parametrize("lie", HOLDING.values(), ids=HOLDING.keys())
def test_a_mirror_that_holds_its_visitor(world: World, lie: Lie) -> None:
    with Liar(lie) as liar:
        outcome = with_a_good_second(world, liar.address)
        assert liar.asked
    assert (outcome.mirror, outcome.version) == (world.public.as_uri(), 1)
    (problem,) = outcome.problems
    assert is_one_clear_line(problem)
    assert "no answer within" in problem or "slower than" in problem


@pytest.mark.parametrize("lie", WRONG.values(), ids=WRONG.keys())
def test_a_mirror_that_answers_wrongly(world: World, lie: Lie) -> None:
    """In this process: none of these waits for anything."""
    with Liar(lie) as liar, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # urllib3 leaves a socket to the collector at a bad length
        outcome = world.sync(liar.address, world.public.as_uri())
        gc.collect()
        assert liar.asked
    assert (outcome.mirror, outcome.version) == (world.public.as_uri(), 1)
    (problem,) = outcome.problems
    assert is_one_clear_line(problem)


def test_a_tls_handshake_that_is_never_answered(world: World) -> None:
    with Liar(HOLDING["silence"]) as liar:
        outcome = with_a_good_second(world, f"https://127.0.0.1:{liar.port}")
        assert liar.asked
    assert outcome.problems == (
        f"https://127.0.0.1:{liar.port}/metadata/2.root.json: no answer within 0 s. Check the network and the address",
    )


def test_a_proxy_that_holds_the_tunnel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with Liar(HOLDING["a byte of a header now and then"]) as liar:
        monkeypatch.setenv("https_proxy", liar.address)
        outcome = with_a_good_second(world, "https://lists.example.kz")
        assert liar.asked[0].startswith(b"CONNECT lists.example.kz:443 ")
    assert (outcome.mirror, len(outcome.problems)) == (world.public.as_uri(), 1)


@pytest.mark.parametrize("part", ["timestamp", "1.snapshot", "head.json", "snapshot-1.zst"])
def test_a_mirror_that_begins_well(world: World, part: str) -> None:
    with MirrorServer(world.public) as mirror:
        mirror.faults[part] = servers.slow
        outcome = with_a_good_second(world, mirror.address)
    assert (outcome.mirror, len(outcome.problems)) == (world.public.as_uri(), 1)
    assert part in outcome.problems[0]


def test_what_came_before_the_end_is_kept(world: World) -> None:
    """A slow but honest line: each visit gets further, and one of them gets it all."""
    with MirrorServer(world.public) as mirror:
        mirror.faults["snapshot-1.zst"] = servers.half_then_silent
        size = next(world.public.glob("targets/status/*.snapshot-1.zst")).stat().st_size
        for _ in range(2):
            assert visit(world, mirror.address).outcome is None
        (part,) = (world.state / "tuf" / "parts").iterdir()
        assert size / 2 <= part.stat().st_size < size
        mirror.faults.clear()
        mirror.sent = 0
        last = visit(world, mirror.address, VisitLimits())
    assert last.outcome is not None
    assert last.outcome.version == 1
    assert mirror.sent < size / 2 + 6000


def _kill(number: signal.Signals, before: frozenset[int]) -> None:
    """The one child that this process did not have before."""
    (child,) = children() - before
    os.kill(child, number)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL], ids=lambda number: number.name)
def test_a_visit_whose_process_dies(world: World, number: signal.Signals) -> None:
    """As of a file that a parser does not survive, or when memory runs out."""
    before = children()
    with Liar(HOLDING["silence"]) as liar:

        def tick() -> None:
            if liar.asked:
                _kill(number, before)
                liar.asked.clear()

        visited = visit(world, liar.address, VisitLimits(), tick)
    (problem,) = visited.problems
    assert problem.what == f"{liar.address}: the visit ended by signal {number.value}"


@pytest.mark.parametrize(
    ("end", "hint"), [("kill -9 $$", "Look at the memory of this computer"), ("exit 1", "Install the gate again")]
)
def test_a_visit_whose_process_ends_before_it_begins(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, hint: str
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{end}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(StoreError, match=rf"before it began\. {hint}$"):
        visit(world, world.public.as_uri(), VisitLimits())


def test_a_device_whose_disk_refuses_is_not_the_mirrors_fault(world: World) -> None:
    """The file is named, and nobody else is asked in vain."""
    world.state.write_text("no folder")
    with pytest.raises(StoreError, match=rf"{world.state}[\w/.]*: (File exists|Not a directory)"):
        visit(world, world.public.as_uri(), VisitLimits())


def test_a_person_who_ends_it_ends_the_visit(world: World) -> None:
    class EnoughError(Exception):
        pass

    def tick() -> None:
        if liar.asked:
            raise EnoughError

    before = children()
    with Liar(HOLDING["silence"]) as liar, pytest.raises(EnoughError):
        visit(world, liar.address, VisitLimits(), tick)
    assert children() <= before
