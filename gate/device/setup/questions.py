"""The questions of `gate setup`, in their order.

Each takes the answers so far as its defaults, and writes its own.  What a person answered wrongly is asked again at
once, by the configuration's own check; a key of the configuration that has no question here keeps its default.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.core.language import LANGUAGES
from gate.device.root_of_trust import fingerprint, read_root_of_trust, roots_nearby
from gate.device.setup.answers import SetupAnswers, find_problems
from gate.device.setup.contacts import ask_contacts
from gate.device.setup.devices import SetupPlace, ask_barrier, ask_reader
from gate.device.setup.interview import Choice, Interview
from gate.device.templates import VENUES, venue_file
from gate.errors import ConfigError

_KINDS = {
    "airport": "an airport's entrance: a turnstile in each lane, staff within sight",
    "cafe": "a cafe or shop: a door, or a reader without one",
    "fitness": "a fitness centre's door: an electric lock, nobody at the desk",
    "station": "a station's entrance: turnstiles, many people",
}


@dataclass(frozen=True, slots=True)
class SetupSession:
    """A setup that is under way."""

    interview: Interview
    answers: SetupAnswers
    place: SetupPlace
    draft: Path  # a file for the configuration so far, in the folder in which it will be
    root: Path  # where media are looked for


@dataclass(frozen=True, slots=True)
class SetupQuestion:
    """A question, and the keys that it answers: whole tables, or single ones."""

    title: str
    ask: Callable[[SetupSession], None]
    keys: Sequence[str]


def ask_all(session: SetupSession) -> None:
    """Ask every question, until all answers together are good.  Raises click.Abort when the person ends it: the answers
    so far are kept in the session."""
    for question in QUESTIONS:
        ask(session, question)
    while problems := problems_of(session):
        for words in problems:
            session.interview.say(words, "  ")
        choices = [Choice(question, question.title) for question in QUESTIONS]
        again = session.interview.choose("Which question again (Ctrl-C ends, and keeps the answers)", choices)
        assert isinstance(again, SetupQuestion)  # noqa: S101 - the choices above
        ask(session, again)


def ask(session: SetupSession, question: SetupQuestion) -> None:
    """Ask a question until its answers are good."""
    session.interview.head(question.title)
    while True:
        question.ask(session)
        problems = problems_of(session, question.keys)
        if not problems:
            return
        for words in problems:
            session.interview.say(words, "  ")


def problems_of(session: SetupSession, keys: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the answers, in words; with `keys`, with those alone."""
    found = find_problems(session.answers, session.draft, "")
    concerned = [one for one in found if not keys or any(_is_within(one.key, key) for key in keys)]
    return [" ".join(f"{one.key}: {one.what}. {one.hint}".split()) for one in concerned]


def _is_within(key: str, table: str) -> bool:
    return key == table or key.startswith((f"{table}.", f"{table}["))


def _ask_venue(session: SetupSession) -> None:
    interview, answers = session.interview, session.answers
    chosen = answers.setup.get("venue")
    default = VENUES.index(chosen) if chosen in VENUES else None
    venue = str(interview.choose("Kind of place", [Choice(kind, _KINDS[kind]) for kind in VENUES], default=default))
    if chosen and venue != chosen:
        _forget_kind(answers)
    answers.setup["venue"] = venue
    starting = _starting(venue)
    device, place, lane = answers.table("device"), answers.table("venue"), answers.table("lane")
    device["id"] = _text(interview, "This device's name, no two alike (such as ala-t2-07)", device.get("id"))
    place["id"] = _text(interview, "The venue's name, the same for all its doors (such as ala-t2)", place.get("id"))
    place["zone"] = _text(interview, "Region, as the venue rules name it (such as almaty)", place.get("zone"))
    zone = place.get("timezone") or starting["venue"]["timezone"]
    place["timezone"] = interview.text("Time zone", default=zone, about="An IANA name, such as Asia/Almaty.")
    modes = [
        Choice("pilot", "pilot: it decides, shows and records, and keeps nobody out; begin with this one"),
        Choice("enforce", "enforce: only who is admitted gets through"),
    ]
    lane["mode"] = interview.choose("Mode", modes, default=int(lane.get("mode") == "enforce"))


def _forget_kind(answers: SetupAnswers) -> None:
    """Drop what belongs to another kind of place: its category, by which rules are chosen, and its limits."""
    answers.table("venue").pop("category", None)
    for name in ("lane", "list", "passes"):
        answers.tables.pop(name, None)


def _ask_reader(session: SetupSession) -> None:
    if _is_kept(session, "reader", session.answers.tables.get("reader", [])):
        return
    session.answers.tables["reader"] = [ask_reader(session.interview, session.place)]


def _ask_barrier(session: SetupSession) -> None:
    barrier = session.answers.tables.get("barrier")
    if _is_kept(session, "barrier", [barrier] if barrier else []):
        return
    starting = _starting(str(session.answers.setup["venue"]))
    pulse = starting.get("barrier", {}).get("pulse")
    ports = {str(reader["port"]) for reader in session.answers.tables.get("reader", []) if "port" in reader}
    table = ask_barrier(session.interview, session.place, pulse, ports)
    _without(session.answers, "barrier", leave_out=table is None)
    if table is not None:
        session.answers.tables["barrier"] = table


def _ask_contacts(session: SetupSession) -> None:
    if _is_kept(session, "input", session.answers.tables.get("input", [])):
        return
    barrier = session.answers.tables.get("barrier", {})
    taken = [barrier["line"]] if "line" in barrier else []
    tables = ask_contacts(session.interview, taken)
    _without(session.answers, "input", leave_out=not tables)
    if tables:
        session.answers.tables["input"] = tables


def _ask_authority(session: SetupSession) -> None:
    interview, answers = session.interview, session.answers
    interview.say(
        "The lists come from mirrors of the authority: two or more, and a USB stick as file:///media/usb. "
        "root.json vouches for all that they serve."
    )
    before = " ".join(answers.tables.get("sync", {}).get("mirrors", [])) or None
    given = interview.text("Mirrors, with spaces between them, or none", default=before)
    if given.lower() == "none":
        _without(answers, "sync", leave_out=True)
        interview.say("Then lists come by hand only: `gate list load DIR`.", "  ")
        return
    _without(answers, "sync", leave_out=False)
    answers.table("sync")["mirrors"] = given.replace(",", " ").split()
    near = [str(path) for path in roots_nearby(session.root)]
    path = interview.parsed(
        "File root.json",
        _root_json,
        default=answers.setup.get("root") or (near[0] if near else None),
        about="The authority gives it. " + (f"Found: {', '.join(near)}" if near else "No medium holds one."),
    )
    found = fingerprint(read_root_of_trust(path))
    interview.say("Its fingerprint (SHA-256) is:", "  ")
    interview.show(f"  {found}")
    interview.say("Compare it with what the authority told you by another way: telephone, paper.", "  ")
    if not interview.confirm("It is the same"):
        interview.say("Do not use this file. Ask the authority for root.json again.", "  ")
        _ask_authority(session)
        return
    answers.table("sync").pop("root", None)  # it is put beside gate.toml, whatever was there before
    answers.setup["root"], answers.setup["root_sha256"] = str(path), found


def _ask_page(session: SetupSession) -> None:
    venue = session.answers.table("venue")
    starting = _starting(str(session.answers.setup["venue"]))
    before = venue.get("languages") or starting["venue"]["languages"]
    venue["languages"] = session.interview.parsed(
        "Languages of the page, the first one largest",
        _languages,
        default=" ".join(before),
        about=f"Of {', '.join(LANGUAGES)}. With one language the words are largest; three suit a screen of 10 inches.",
    )

    _ask_place_of_screen(session)
    _ask_help(session)


def _ask_place_of_screen(session: SetupSession) -> None:
    interview, page = session.interview, session.answers.table("kiosk")
    places = [
        Choice("above", "above it"),
        Choice("below", "below it"),
        Choice("left", "left of it"),
        Choice("right", "right of it"),
        Choice("none", "none: no screen, or nothing to point to"),
    ]
    before = [place.value for place in places].index(page.get("camera", "above"))
    chosen = interview.choose("Where the camera is, seen from the screen", places, default=before)
    page.pop("camera", None)
    if chosen != "none":
        page["camera"] = chosen
    if not page:
        session.answers.tables.pop("kiosk")


def _ask_help(session: SetupSession) -> None:
    venue = session.answers.table("venue")
    before = venue.get("help", {})
    phone = session.interview.text(
        "Telephone number to call where no staff stand at the door, or none",
        default=before.get("phone", "none"),
        about="The page shows it beside a refusal.",
    )
    words = {key: value for key, value in before.items() if key != "phone"}
    number = {} if phone.lower() == "none" else {"phone": phone}
    venue.pop("help", None)
    if number or words:
        venue["help"] = number | words


QUESTIONS = (
    SetupQuestion("1. The venue", _ask_venue, ("setup.venue", "device", "venue", "lane")),
    SetupQuestion("2. The reader", _ask_reader, ("reader",)),
    SetupQuestion("3. The barrier", _ask_barrier, ("barrier",)),
    SetupQuestion("4. The contacts", _ask_contacts, ("input",)),
    SetupQuestion("5. The authority", _ask_authority, ("setup.root", "setup.root_sha256", "sync")),
    SetupQuestion("6. The page", _ask_page, ("venue.languages", "venue.lanes", "venue.help", "kiosk")),
)


def _is_kept(session: SetupSession, key: str, tables: Sequence[dict[str, Any]]) -> bool:
    """Ask whether devices of an earlier setup stay; not where the configuration's check refuses them."""
    if not tables or problems_of(session, (key,)):
        return False
    for table in tables:
        session.interview.say(", ".join(f"{name} {value}" for name, value in table.items()), "  ")
    return session.interview.confirm("Keep this", default=True)


def _text(interview: Interview, question: str, before: Any) -> str:
    return interview.text(question, default=str(before) if before else None)


def _starting(venue: str) -> dict[str, Any]:
    return tomllib.loads(venue_file(venue))


def _without(answers: SetupAnswers, name: str, *, leave_out: bool) -> None:
    """Note whether the device does without a table."""
    others = [one for one in answers.setup.get("without", ()) if one != name]
    answers.setup["without"] = [*others, name] if leave_out else others
    if leave_out:
        answers.tables.pop(name, None)


def _root_json(given: str) -> Path:
    path = Path(given).absolute()
    try:
        read_root_of_trust(path)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return path


def _languages(given: str) -> list[str]:
    languages = list(dict.fromkeys(given.replace(",", " ").lower().split()))
    strange = [one for one in languages if one not in LANGUAGES]
    if strange or not languages:
        raise ValueError(f"Type one or more of {', '.join(LANGUAGES)}.")
    return languages
