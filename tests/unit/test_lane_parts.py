"""The record of a lane's parts: since when, what to do, and the edges of contacts."""

from gate.core.model import Direction
from gate.lane.parts import Edge, LaneParts, PartState
from gate.ports.inputs import Level, Role
from gate.testing.builders import NOW, ManualClock


def test_a_part_keeps_since_when_it_is_lost_and_the_last_advice() -> None:
    clock = ManualClock()
    record = LaneParts(clock, {})
    record.fit("reader[0]", "camera")
    part = record.parts["reader[0]"]
    assert (part.state, part.since) == (PartState.UNKNOWN, None)
    record.report("reader[0]", "camera", "")
    clock.advance(60)
    record.advise("reader[0]", "Plug it in")
    record.report("reader[0]", "camera", "camera: lost. Plug it in")
    assert (part.state, part.since, part.problem, part.advice) == (
        PartState.LOST,
        NOW + 60,
        "camera: lost",
        "Plug it in",
    )
    clock.advance(5)
    record.advise("reader[0]", "Check its cable")
    record.report("reader[0]", "camera", "camera: gone. Check its cable")
    assert (part.since, part.problem, part.advice) == (NOW + 60, "camera: gone", "Check its cable")
    record.report("reader[0]", "camera", "")
    assert (part.state, part.since, part.problem, part.advice) == (PartState.WELL, NOW + 65, "", "")


def test_a_contact_keeps_its_last_ten_edges_with_milliseconds() -> None:
    clock = ManualClock()
    record = LaneParts(clock, {"input[0]": Role.REX})
    for number in range(30):  # reported twice each, as a level that is read again is
        clock.advance(0.25)
        record.level(Level(Role.REX, number % 4 >= 2, clock.monotonic() - 0.002), "input[0]")
    (contact,) = record.contacts
    assert len(contact.edges) == 10
    assert contact.edges[-1] == Edge(round(NOW + 29 * 0.25 - 0.002, 3), False)
    assert [edge.level for edge in contact.edges] == [True, False] * 5
    assert contact.level is False


def test_rest_at_the_first_report_is_no_edge() -> None:
    record = LaneParts(ManualClock(), {"input[0]": Role.DOOR, "input[1]": Role.FIRE})
    record.level(Level(Role.DOOR, False, 1000.0), "input[0]")
    record.level(Level(Role.FIRE, True, 1000.0), "input[1]")
    door, fire = record.contacts
    assert (door.level, list(door.edges)) == (False, [])
    assert (fire.level, len(fire.edges)) == (True, 1)


def test_a_device_that_counts_people_gives_an_edge_for_each_and_both_ways_have_their_own() -> None:
    record = LaneParts(ManualClock(), {})
    for direction in (Direction.ENTRY, Direction.ENTRY, Direction.EXIT):
        record.level(Level(Role.PASSAGE, True, 1000.0, direction), "barrier")
    assert [(contact.direction, len(contact.edges)) for contact in record.contacts] == [
        (Direction.ENTRY, 2),
        (Direction.EXIT, 1),
    ]


def test_a_lost_reader_cannot_be_looked_through() -> None:
    record = LaneParts(ManualClock(), {})
    record.views["reader[0]"] = object()  # type: ignore[assignment]  # only its place matters
    record.report("reader[0]", "camera", "camera: lost. Plug it in")
    assert not record.views
