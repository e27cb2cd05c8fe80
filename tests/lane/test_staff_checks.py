"""People whom staff check by IIN: the verdict of today's rules, their entry as by a pass, and nothing of the number."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gate.core.lane.effects import Passed
from gate.core.model import Listing
from gate.core.reason import Reason
from gate.lane.staff import checks, orders
from gate.lane.staff.recent import as_facts
from gate.store.apply_list import apply
from gate.store.recent import RecentDecision
from gate.testing.builders import RunningClock, publication
from tests.lane.control import controlled, rows, told
from tests.lane.rig import Rig, plain
from tests.log_lines import captured_lines

pytestmark = pytest.mark.real_time

GREEN, RED, GONE, NOBODY = "990101300013", "990101300023", "990101300033", "990101300043"
AS = {"user": "guard-07", "why": "no_phone"}


@pytest.fixture
def people() -> dict[str, int]:
    return {GREEN: 7, RED: 8, GONE: 77}


async def check(state: Path, iin: str, **more: Any) -> dict[str, Any]:
    return await told(state, do="check", iin=iin, **{"user": "guard-07", **more})


async def admit(state: Path, check: str, **more: Any) -> dict[str, Any]:
    return await told(state, do="admit", direction="entry", check=check, **{**AS, **more})


async def test_the_verdict_is_that_of_the_rules(state: Path, people: dict[str, int]) -> None:
    async with controlled(state) as rig:
        rig.people.update(people)
        answers = {name: await check(state, iin) for name, iin in (("7", GREEN), ("8", RED), ("77", GONE))}
        unknown = await check(state, NOBODY)
    shown = {name: (one["status"], one["may_enter"], one["reason"]) for name, one in answers.items()}
    assert shown == {
        "7": ("green", True, "admitted"),
        "8": ("red", False, "status_not_admitted"),
        "77": ("unlisted", False, "not_listed"),
    }
    assert (unknown["check"], unknown["status"], unknown["reason"]) == (None, "unlisted", "not_listed")
    assert [(event, what) for event, what, _ in rows(state)] == [
        ("staff", "staff_check admitted"),
        ("staff", "staff_check status_not_admitted"),
        ("staff", "staff_check not_listed"),
        ("staff", "staff_check not_listed"),
    ]


async def test_who_is_let_in_after_a_check_has_used_their_entry(state: Path, people: dict[str, int]) -> None:
    async with controlled(state) as rig:
        rig.people.update(people)
        first = await check(state, GREEN)
        assert (await admit(state, first["check"], note="broken screen"))["reason"] == "staff_admitted"
        assert rig.turnstile.openings == 1
        await rig.until(lambda: len(rig.passed) == 1)
        assert (await admit(state, first["check"]))["code"] == "check_over"
        again = await check(state, GREEN)
        assert (again["may_enter"], again["reason"]) == (False, "too_soon")
        assert abs(again["used_at"] - rig.clock.now()) < 60
        await rig.show(plain(7), 0.2)  # and with their phone after all
        assert rig.reasons[-1] is Reason.TOO_SOON
        refused = await admit(state, again["check"])
        assert (refused["code"], refused["problem"].split(":")[0]) == ("not_allowed", "too_soon")
        assert rig.turnstile.openings == 1
        other = await check(state, GREEN, user="chief")
        assert (await admit(state, other["check"], user="chief"))["ok"]
    found = rows(state, "event = 'decision' AND reader = 'staff'")
    assert [(what, actor.split(",")[0]) for _, what, actor in found] == [
        ("staff_admitted", "desk guard-07"),
        ("too_soon", "desk guard-07"),
        ("staff_admitted", "desk chief"),
    ]


async def test_a_check_is_good_for_its_author_and_for_a_minute(
    state: Path, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with controlled(state) as rig:
        rig.people.update(people)
        held = (await check(state, GREEN))["check"]
        assert (await admit(state, held, user="chief"))["code"] == "no_such_check"
        assert (await admit(state, "made-up"))["code"] == "no_such_check"
        monkeypatch.setattr(checks, "GOOD_FOR", -1.0)
        late = (await check(state, GREEN))["check"]
        assert (await admit(state, late))["code"] == "check_over"
        assert (await admit(state, held))["ok"]


async def test_checks_are_bounded_and_a_number_that_is_none_is_not_looked_up(
    state: Path, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MOST_CHECKS", 3)
    async with controlled(state) as rig:
        rig.people.update(people)
        for wrong in ("990101300014", "", "9" * 400, "99010130001O"):
            answer = await check(state, wrong)
            assert answer["code"] == "bad_iin"
            assert not wrong or wrong not in answer["problem"]
        assert [(await check(state, GREEN)).get("code") for _ in range(4)] == [None, None, None, "too_many"]
        assert (await check(state, GREEN, user="chief"))["ok"]


def files(state: Path) -> list[Path]:
    return [path for path in state.rglob("*") if path.is_file()]


async def test_the_number_is_nowhere_afterwards(state: Path, people: dict[str, int]) -> None:
    with captured_lines() as said:
        async with controlled(state) as rig:
            rig.people.update(people)
            for iin in (GREEN, RED, NOBODY):
                await check(state, iin)
            await told(state, do="check", iin=int(GREEN))
            await told(state, do="check", **{GREEN: GREEN})
            note = await told(state, do="admit", direction="entry", note=f"iin {GREEN}", **AS)
            assert note["code"] == "malformed"
            rig.people.clear()
            assert GREEN not in str(vars(rig.desk)) + str(vars(rig.desk._checks))
    kept = b"".join(path.read_bytes() for path in files(state))
    for iin in (GREEN, RED, NOBODY):
        assert iin.encode() not in kept
        assert iin not in str(said)


async def test_the_rules_hold_at_the_moment_of_the_entry(state: Path, people: dict[str, int]) -> None:
    async with controlled(state) as rig:
        rig.people.update(people)
        held = (await check(state, GREEN))["check"]
        apply(publication({7: Listing.REVOKED, 8: Listing.RED, 9: Listing.RED}, version=2), state)
        refused = await admit(state, held)
    assert (refused["code"], refused["problem"].split(":")[0]) == ("not_allowed", "pass_revoked")


async def test_a_clock_that_cannot_be_trusted_is_the_verdict(state: Path, people: dict[str, int]) -> None:
    clock = RunningClock(untrusted_for=0.0)
    async with controlled(state, rig=Rig(state, clock=clock)) as rig:
        rig.people.update(people)
        clock.machine.set(-5e6)
        answer = await check(state, GREEN)
    assert (answer["may_enter"], answer["reason"]) == (False, "clock_untrusted")


async def test_the_last_use_is_given_back(state: Path) -> None:
    async with controlled(state) as rig:
        assert (await told(state, do="give_back", user="guard-07"))["code"] == "nothing_to_give_back"
        await rig.show(plain(7), 0.2)
        assert (await told(state, do="give_back", user="guard-07"))["code"] == "nothing_to_give_back"  # on the way
        await rig.until(lambda: rig.passed == [Passed.UNKNOWN])
        assert (await told(state, do="status"))["inside"] == 1
        assert (await told(state, do="give_back", user="guard-07"))["inside"] == 0
        assert (await told(state, do="give_back", user="guard-07"))["code"] == "nothing_to_give_back"
        await asyncio.sleep(1.3)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED, Reason.ADMITTED]
        await rig.until(lambda: len(rig.passed) == 2)
        await told(state, do="admit", direction="entry", **AS)
        await rig.until(lambda: len(rig.passed) == 3)
        # The last person used no code: the use of the one before is theirs.
        assert (await told(state, do="give_back", user="guard-07"))["code"] == "nothing_to_give_back"
    assert rows(state, "event = 'given_back'")[0][1].startswith("the use of row ")


async def test_staff_let_a_bounded_number_of_people_in(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MOST_ADMISSIONS", 2)
    async with controlled(state) as rig:
        for count, code in enumerate((None, None, "too_many"), 1):
            assert (await told(state, do="admit", direction="entry", **AS)).get("code") == code
            await rig.until(lambda count=count: len(rig.passed) == min(count, 2))  # type: ignore[misc]  # a default
        assert rig.turnstile.openings == 2


async def test_the_last_decisions_name_no_person(state: Path) -> None:
    async with controlled(state) as rig:
        await rig.show(plain(8), 0.2)
        await rig.show(plain(7), 0.2)
        await rig.until(lambda: len(rig.passed) == 1)
        await told(state, do="admit", direction="exit", user="guard-07", why="other", note="a pram")
        await rig.until(lambda: len(rig.passed) == 2)
        await asyncio.sleep(1.3)
        await rig.show(plain(7), 0.2)
        found = (await told(state, do="recent", n=3, user="tech"))["decisions"]
    again, staff, admitted = found
    assert (again["reason"], again["detail"], again["passage"]) == ("already_used", {}, None)
    assert (staff["direction"], staff["detail"]) == ("exit", {"why": "other", "note": "a pram"})
    assert staff["staff"].startswith("desk guard-07")
    assert (admitted["reason"], admitted["reader"], admitted["passage"]) == ("admitted", "reader[0]", "unknown")
    assert all(one.keys() == again.keys() and "holder" not in one for one in found)


async def test_what_the_desk_reports_of_its_users_is_journalled(state: Path) -> None:
    async with controlled(state):
        for do in ("signed_in", "locked_out", "signed_out"):
            assert (await told(state, do=do, user="guard-07"))["ok"]
        assert (await told(state, do="signed_in", user="nobody"))["code"] == "unknown_user"
    assert [(event, what) for event, what, _ in rows(state)] == [
        ("staff", "signed_in"),
        ("staff", "locked_out"),
        ("staff", "signed_out"),
    ]


@pytest.mark.parametrize(
    ("reason", "text", "facts"),
    [
        ("presentation_stale", "signed 75 s ago", {"age_s": 75}),
        ("too_soon", "27 s", {"wait_s": 27}),
        ("not_yet_valid", "valid in 90 s", {"ahead_s": 90}),
        ("unreadable", "12 times", {"times": 12}),
        ("storage_failed", "lane.db: full", {}),
        ("a_reason_of_a_later_release", "5 s", {}),
    ],
)
def test_the_detail_of_a_decision_is_plain_facts(reason: str, text: str, facts: dict[str, int]) -> None:
    assert as_facts(RecentDecision(1, 0.0, reason, "entry", "reader[0]", text, None, None))["detail"] == facts
