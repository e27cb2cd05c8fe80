"""Texts of the visitors' page by language, from the TOML files of this folder, which a translator edits.

A language is read at its first use, and checked whole: its keys are those of the code, placeholders are kept, lengths
fit the screen.  A venue may replace single texts by files of the same names in a folder of its own (`[kiosk] texts`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os.path import isfile  # False for a name that no file can have
from pathlib import Path
from time import strptime
from types import MappingProxyType

from gate.core.coaching import Hint
from gate.core.lane.modes import Alarm, Mode
from gate.core.language import LANGUAGES
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust
from gate.errors import ConfigError
from gate.texts.files import Rules, TextRule, read_texts, shipped_texts, shown

SCENES = (
    "idle",
    "seen",
    "held",
    "free",
    "fire",
    "fire_entry",
    "shut_door",
    "maintenance",
    "unavailable",
    "no_signal",
)

LONGEST_HEADLINE, LONGEST_ADVICE = 27, 90
"""Characters that fit the smallest screen, 800 x 480, with three languages on it (tests/browser measures them).  The
shipped advice is of 60 at most, which a person reads in passing."""

LONGEST_NOTE, LONGEST_AGE, LONGEST_ALARM = 60, 12, 240
"""Characters of a banner or of a note in the bar at the foot; of a length of time in it; of an alarm."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Words:
    """A `headline` of a word or two, read in a second from 1.5 m, and the `advice`: what to do now."""

    headline: str
    advice: str


@dataclass(frozen=True, slots=True)
class Season:
    """A venue's own line for a part of the year, in the place of the advice to a person who is let in."""

    line: str
    first: str = "01-01"  # month and day, in the venue's time
    last: str = "12-31"  # before `first`: in the next year

    def holds(self, day: str) -> bool:
        """Return whether the line is shown on a day, as "12-31"."""
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in one language.  `{age}`, `{n}` and `{time}` are filled in by gate.kiosk."""

    reasons: Mapping[Reason, Words]
    idle: Words
    seen: Words
    held: Words  # the code has had its answer and is still held up
    free: Words
    fire: Words  # to the people inside
    fire_entry: Words  # to the people who come in
    shut_door: Words  # to the person at a door that stands open
    maintenance: Words
    unavailable: Words  # the gate cannot check, whatever the fault
    no_signal: Words
    hints: Mapping[Hint, Words]
    waits: Mapping[str, str]  # used, wait, again, back
    elsewhere: Mapping[str, str]  # lane, phone, lane_phone: where to turn to, instead of the staff
    trial: str  # banner of a venue in pilot mode
    trial_refused: str  # before the headline that a gate in service would have shown
    simulated: str
    modes: Mapping[str, str]  # gate.core.lane.modes.Mode
    ages: tuple[str, str, str]  # minutes, hours, days
    list_grades: Mapping[str, str]  # gate.core.staleness.Freshness, warn and worse
    clock_standings: Mapping[str, str]  # gate.core.trusted_time.ClockTrust, ahead and worse
    alarms: Mapping[Alarm, str]
    season: Season | None  # a venue's own line under "go ahead"


def check_languages(languages: Sequence[str]) -> None:
    """Raise ConfigError for a language without texts."""
    if not languages or (unknown := [name for name in languages if name not in LANGUAGES]):
        wrong = ", ".join(unknown) if languages else "none"
        raise ConfigError(
            f"venue.languages: no texts for {wrong}",
            hint=f"Name one or more of {', '.join(LANGUAGES)}, the first first",
        )


@cache
def texts_in(language: str, folder: Path | None = None) -> Texts:
    """Return the texts of a language, one of LANGUAGES; KeyError otherwise.

    `folder`: a venue's own wording.  Raises ConfigError for an unusable file, in one line that names file and key."""
    if language not in LANGUAGES:
        raise KeyError(language)
    found = shipped_texts(_HERE, language, _rules())
    if folder is not None:
        found |= _read_own(folder, language)
    return _built(found)


def reason_words(reason: Reason, language: str, folder: Path | None = None) -> Words:
    """Return a reason's words in a language, one of LANGUAGES; KeyError otherwise."""
    return texts_in(language, folder).reasons[reason]


def spoken_headlines(language: str) -> dict[str, str]:
    """Return the headlines that the page speaks, by the key of their text."""
    own = texts_in(language)
    silent = {"idle", "seen", "no_signal"}  # a prompt, and a page without a lane
    scenes = {f"scenes.{scene}": getattr(own, scene).headline for scene in SCENES if scene not in silent}
    reasons = {f"reasons.{reason}": words.headline for reason, words in own.reasons.items()}
    return scenes | reasons | {f"hints.{hint}": words.headline for hint, words in own.hints.items()}


def check_wording(folder: Path) -> None:
    """Raise ConfigError for a folder without files of texts, and as `texts_in` does, for used and unused languages."""
    if not any(isfile(folder / f"{language}.toml") for language in LANGUAGES):  # noqa: PTH113 - which raises
        raise ConfigError(
            f"{folder} holds none of {', '.join(f'{language}.toml' for language in LANGUAGES)}",
            hint="Put the texts that differ there, by the keys of gate/texts/en.toml, or leave kiosk.texts out",
        )
    for language in LANGUAGES:
        _read_own(folder, language)


def _read_own(folder: Path, language: str) -> dict[str, str]:
    try:
        found = read_texts(file := folder / f"{language}.toml", {**_rules(), **_SEASON}, shown(_HERE))
    except FileNotFoundError:
        return {}
    for key in ("season.first", "season.last"):
        if key in found and not _is_day(found[key]):
            raise ConfigError(f"{file}: {key}: is no day", hint='Write month and day, as "12-15"')
    if found.keys() & _SEASON.keys() and "season.line" not in found:
        raise ConfigError(f"{file}: season.line is missing", hint="Write the line of the season, or leave it out")
    return found


def _is_day(text: str) -> bool:
    try:
        return strptime(f"2028-{text}", "%Y-%m-%d").tm_year > 0 and len(text) == len("12-15")  # 2028 is a leap year
    except ValueError:
        return False


_SEASON: Rules = {
    "season.line": TextRule(LONGEST_NOTE),
    "season.first": TextRule(len("12-15")),
    "season.last": TextRule(len("12-15")),
}
"""Texts that a venue may have and that no language ships."""


@cache
def _rules() -> Rules:
    """Return the rules of the texts of the page."""
    age, number = frozenset({"age"}), frozenset({"n"})
    rules = {}
    for words in (
        *(f"scenes.{name}" for name in SCENES),
        *(f"reasons.{reason.value}" for reason in Reason),
        *(f"hints.{hint.value}" for hint in Hint),
    ):
        rules[f"{words}.headline"], rules[f"{words}.advice"] = TextRule(LONGEST_HEADLINE), TextRule(LONGEST_ADVICE)
    rules |= {"waits.used": TextRule(LONGEST_ADVICE, age), "waits.wait": TextRule(LONGEST_HEADLINE, age)}
    rules |= {"waits.again": TextRule(LONGEST_ADVICE), "waits.back": TextRule(LONGEST_ADVICE, frozenset({"time"}))}
    rules |= {f"elsewhere.{where}": TextRule(LONGEST_ADVICE) for where in ("lane", "phone", "lane_phone")}
    rules |= {f"banners.{name}": TextRule(LONGEST_NOTE) for name in ("trial", "trial_refused", "simulated")}
    rules |= {f"modes.{mode.value}": TextRule(LONGEST_NOTE) for mode in Mode}
    rules |= {f"ages.{name}": TextRule(LONGEST_AGE, number) for name in ("minutes", "hours", "days")}
    rules |= {f"list.{grade.value}": TextRule(LONGEST_NOTE, age) for grade in Freshness if grade is not Freshness.FRESH}
    rules["list.missing"] = TextRule(LONGEST_NOTE)
    rules |= {f"clock.{how.value}": TextRule(LONGEST_NOTE, age) for how in ClockTrust if how is not ClockTrust.TRUSTED}
    return MappingProxyType(rules | {f"alarms.{alarm.value}": TextRule(LONGEST_ALARM) for alarm in Alarm})


def _built(found: Mapping[str, str]) -> Texts:
    def words(key: str) -> Words:
        return Words(found[f"{key}.headline"], found[f"{key}.advice"])

    def under(table: str) -> dict[str, str]:
        return {key.removeprefix(table): text for key, text in found.items() if key.startswith(table)}

    ages = under("ages.")
    return Texts(
        reasons=MappingProxyType({reason: words(f"reasons.{reason.value}") for reason in Reason}),
        **{name: words(f"scenes.{name}") for name in SCENES},  # type: ignore[arg-type]  # none of them is another field
        hints=MappingProxyType({hint: words(f"hints.{hint.value}") for hint in Hint}),
        waits=MappingProxyType(under("waits.")),
        elsewhere=MappingProxyType(under("elsewhere.")),
        season=Season(**under("season.")) if "season.line" in found else None,
        **under("banners."),  # type: ignore[arg-type]  # trial, trial_refused, simulated
        modes=MappingProxyType(under("modes.")),
        ages=(ages["minutes"], ages["hours"], ages["days"]),
        list_grades=MappingProxyType(under("list.")),
        clock_standings=MappingProxyType(under("clock.")),
        alarms=MappingProxyType({alarm: found[f"alarms.{alarm.value}"] for alarm in Alarm}),
    )
