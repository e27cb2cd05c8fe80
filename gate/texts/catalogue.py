"""Texts of the page by language, from TOML files that a translator edits: `kk.toml`, `ru.toml`, `en.toml` here.

A language is read at its first use, and checked whole: its keys are those of the code, placeholders are kept, lengths
fit the screen.  A venue may replace single texts by files of the same names in a folder of its own (`[kiosk] texts`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os.path import isfile  # False for a name that no file can have
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from gate.core.lane.modes import Alarm, Mode
from gate.core.language import LANGUAGES
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.toml_text import parse_toml
from gate.core.trusted_time import ClockTrust
from gate.errors import ConfigError

SCENES = ("idle", "seen", "held", "free", "fire", "no_signal")

LONGEST_HEADLINE, LONGEST_ADVICE = 27, 90
"""Characters that fit the smallest screen, 800 x 480, with three languages on it (tests/browser measures them)."""

LONGEST_NOTE, LONGEST_AGE, LONGEST_ALARM = 60, 12, 240
"""Characters of a banner or of a note in the bar at the foot; of a length of time in it; of an alarm."""

LARGEST_FILE = 1 << 16  # bytes: four times the size of a language

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Words:
    """A `headline` of a word or two, read in a second from 1.5 m, and the `advice`: what to do now."""

    headline: str
    advice: str


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in one language.  `{age}` and `{n}` are filled in by gate.kiosk.notices."""

    reasons: Mapping[Reason, Words]
    idle: Words
    seen: Words
    held: Words  # the code has had its answer and is still held up
    free: Words
    fire: Words
    no_signal: Words
    trial: str  # banner of a venue in pilot mode
    trial_refused: str  # before the headline that a gate in service would have shown
    simulated: str
    modes: Mapping[str, str]  # gate.core.lane.modes.Mode
    ages: tuple[str, str, str]  # minutes, hours, days
    list_grades: Mapping[str, str]  # gate.core.staleness.Freshness, warn and worse
    clock_standings: Mapping[str, str]  # gate.core.trusted_time.ClockTrust, ahead and worse
    alarms: Mapping[Alarm, str]


@dataclass(frozen=True, slots=True)
class _Rule:
    longest: int  # characters
    holds: frozenset[str] = frozenset()  # placeholders


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
    found = _read(_HERE / f"{language}.toml")
    if missing := _rules().keys() - found.keys():
        raise ConfigError(f"{language}.toml: {min(missing)} is missing", hint="Install the gate again")
    if folder is not None:
        found |= _read_own(folder, language)
    return _built(found)


def reason_words(reason: Reason, language: str, folder: Path | None = None) -> Words:
    """Return a reason's words in a language, one of LANGUAGES; KeyError otherwise."""
    return texts_in(language, folder).reasons[reason]


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
        return _read(folder / f"{language}.toml")
    except FileNotFoundError:
        return {}


def _read(file: Path) -> dict[str, str]:
    """Return a file's texts by key.  Raises ConfigError, and FileNotFoundError."""
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise ConfigError(f"{file}: more than {LARGEST_FILE >> 10} KiB", hint="Keep the texts that differ")
        tables = parse_toml(data.decode())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", hint="See its owner and rights") from error
    except ValueError as error:
        raise ConfigError(f"{file}: is no TOML in UTF-8 ({error})", hint="Compare it with the shipped file") from error
    found = dict(_flat("", tables))
    for key, value in found.items():
        if problem := _fault(key, value):
            raise ConfigError(f"{file}: {key}: {problem[0]}", hint=problem[1])
    return found


def _flat(before: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{before}{key}.", value)
        else:
            yield f"{before}{key}", value


def _fault(key: str, value: object) -> tuple[str, str] | None:
    """Return the fault and what to do; None for a text that can be shown."""
    rule = _rules().get(key)
    if rule is None:
        return "there is no such text", "Name one of those in gate/texts/en.toml"
    if not isinstance(value, str) or value.strip() != value or not value or not value.isprintable():
        return "is no text", "Write one line in quotes, with no blanks around it"
    if len(value) > rule.longest:
        return f"has {len(value)} characters", f"Shorten it to {rule.longest}, or it does not fit the screen"
    expected = " and ".join(f"{{{name}}}" for name in sorted(rule.holds)) or "no braces"
    try:
        holds = [name if not (form or turned) else "" for _, name, form, turned in Formatter().parse(value)]
    except ValueError:
        holds = [""]
    given = [name for name in holds if name is not None]
    if rule.holds != set(given) or len(given) != len(rule.holds) or "{{" in value or "}}" in value:
        return "its placeholders differ", f"Write it with {expected}"
    return None


@cache
def _rules() -> Mapping[str, _Rule]:
    """Return the rules by key, as "reasons.expired.headline"."""
    age, number = frozenset({"age"}), frozenset({"n"})
    rules = {}
    for words in (*(f"scenes.{name}" for name in SCENES), *(f"reasons.{reason.value}" for reason in Reason)):
        rules[f"{words}.headline"], rules[f"{words}.advice"] = _Rule(LONGEST_HEADLINE), _Rule(LONGEST_ADVICE)
    rules |= {f"banners.{name}": _Rule(LONGEST_NOTE) for name in ("trial", "trial_refused", "simulated")}
    rules |= {f"modes.{mode.value}": _Rule(LONGEST_NOTE) for mode in Mode}
    rules |= {f"ages.{name}": _Rule(LONGEST_AGE, number) for name in ("minutes", "hours", "days")}
    rules |= {f"list.{grade.value}": _Rule(LONGEST_NOTE, age) for grade in Freshness if grade is not Freshness.FRESH}
    rules["list.missing"] = _Rule(LONGEST_NOTE)
    rules |= {f"clock.{how.value}": _Rule(LONGEST_NOTE, age) for how in ClockTrust if how is not ClockTrust.TRUSTED}
    return MappingProxyType(rules | {f"alarms.{alarm.value}": _Rule(LONGEST_ALARM) for alarm in Alarm})


def _built(found: Mapping[str, str]) -> Texts:
    def words(key: str) -> Words:
        return Words(found[f"{key}.headline"], found[f"{key}.advice"])

    def under(table: str) -> dict[str, str]:
        return {key.removeprefix(table): text for key, text in found.items() if key.startswith(table)}

    ages = under("ages.")
    return Texts(
        reasons=MappingProxyType({reason: words(f"reasons.{reason.value}") for reason in Reason}),
        **{name: words(f"scenes.{name}") for name in SCENES},  # type: ignore[arg-type]  # none of them is another field
        **under("banners."),  # type: ignore[arg-type]  # trial, trial_refused, simulated
        modes=MappingProxyType(under("modes.")),
        ages=(ages["minutes"], ages["hours"], ages["days"]),
        list_grades=MappingProxyType(under("list.")),
        clock_standings=MappingProxyType(under("clock.")),
        alarms=MappingProxyType({alarm: found[f"alarms.{alarm.value}"] for alarm in Alarm}),
    )
