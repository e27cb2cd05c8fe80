"""The cast: reproducible, varied, and its expectations agree with what the passes themselves say."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gate.core.decide import Knowledge, Policy, Unlisted, decide
from gate.core.model import Refused
from gate.core.reason import Reason
from gate.core.rules import Venue
from gate.core.staleness import AgeLimits
from gate.demo.cast import Person, cast
from gate.demo.codes import FIRST_PLACE, Codes
from gate.passes.verifier import Verifier
from gate.store.list_reader import StatusList
from gate.sync.sync import ListSource, sync

NOW = 1_790_000_000
ROUND = 26
POLICY = Policy(
    venue=Venue("station", "almaty"),
    timezone=ZoneInfo("Asia/Almaty"),
    limits=AgeLimits(21600, 86400, 172800),
    unlisted=Unlisted.REFUSE,
    reuse_after=600,
)


def test_the_same_seed_gives_the_same_people() -> None:
    assert cast(60, 7) == cast(60, 7)
    assert cast(60, 7) != cast(60, 8)


def test_fewer_people_are_the_first_of_more() -> None:
    assert cast(9, 3) == cast(40, 3)[:9]


@pytest.mark.parametrize("seed", range(6))
def test_the_first_dozen_shows_every_family_of_answers(seed: int) -> None:
    dozen = cast(12, seed)
    assert {person.outcome for person in dozen} == {"admitted", "refused", "ignored"}
    assert len({person.act.shows for person in dozen}) == 12
    assert len({person.act.reason for person in dozen}) >= 8
    assert any(person.admitted and not person.passes for person in dozen), "nobody turns back"


@pytest.mark.parametrize("seed", range(6))
def test_a_story_follows_on_from_its_beginning(seed: int) -> None:
    people = cast(2 * ROUND, seed)
    for person in people:
        if person.act.same_code:
            first = next(one for one in people if one.code == person.code)
            assert first.number < person.number
            assert first.holder == person.holder
            assert first.passes is (person.act.reason is Reason.ALREADY_USED)
        if person.act.same_holder:
            before = people[person.number - 2]
            assert before.holder == person.holder
            assert before.code != person.code


def test_people_of_different_visits_are_different_people() -> None:
    people = cast(3 * ROUND, 1)
    own = [person for person in people if not (person.act.same_code or person.act.same_holder)]
    assert len({person.holder for person in own}) == len(own)
    assert len({person.code for person in own}) == len(own)


def test_expectations_agree_with_what_a_gate_makes_of_the_codes(tmp_path: Path) -> None:
    """All but what depends on who came before: that is seen in the system test."""
    people = cast(ROUND, 4)
    codes = Codes(tmp_path / "authority", people, NOW)
    codes.publish(tmp_path / "public")
    sync(ListSource(((tmp_path / "public").as_uri(),), codes.root, tmp_path / "state", 3600), NOW)
    held = StatusList(tmp_path / "state")
    held.refresh()
    assert held.state.trust is not None
    assert held.state.rules is not None
    verifier = Verifier(held.state.trust, venue="demo-station")
    rules = held.state.rules.at_venue(POLICY.venue)
    known = Knowledge(1, NOW, rules)
    for person in people:
        if person.act.reason in (None, Reason.ALREADY_USED, Reason.TOO_SOON):
            continue
        assert _answer(codes, person, verifier, held, known) is person.act.reason, person.act.shows
    held.close()


def _answer(codes: Codes, person: Person, verifier: Verifier, held: StatusList, known: Knowledge) -> Reason:
    text = codes.text(person, NOW)
    assert text is not None
    try:
        claims = verifier.verify(text, NOW)
    except Refused as refused:
        return refused.reason
    assert claims.idx == FIRST_PLACE + person.holder
    return decide(claims, held.consult(claims.idx), known, POLICY, NOW).reason


def test_the_same_code_is_the_same_text_and_a_renewed_one_is_not(tmp_path: Path) -> None:
    people = cast(ROUND, 4)
    codes = Codes(tmp_path / "authority", people, NOW)
    first, again = people[0], people[1]
    assert codes.text(first, NOW) == codes.text(again, NOW + 5)
    live = next(person for person in people if "renewed" in person.act.shows)
    assert codes.text(live, NOW) != codes.text(live, NOW + 5)
    nobody = next(person for person in people if person.act.shows == "nothing")
    assert codes.text(nobody, NOW) is None
