"""Checks of a configuration beyond its own form: against this installation, and for what is perhaps not meant."""

from gate import registry
from gate.errors import ConfigError, DeviceError
from gate.settings.load import Loaded
from gate.settings.locate import KeyPath, line_of
from gate.settings.problems import Finding, SettingsProblem, dotted
from gate.settings.review import advise, devices
from gate.settings.zones import doubt
from gate.texts.catalogue import check_wording
from gate.wiring import fit


def missing_in(loaded: Loaded) -> list[SettingsProblem]:
    """Return problems of this installation: drivers that lack a package, and texts that the page cannot show."""
    found = []
    for path, table in devices(loaded.settings):
        try:
            registry.driver(str(path[0]), table.driver).installed(table)
        except DeviceError as error:
            at = (*path, "driver")
            found.append(_problem(loaded, at, error.what, error.hint))
    kiosk = loaded.settings.kiosk
    if kiosk and kiosk.texts:
        try:
            check_wording(kiosk.texts)
        except ConfigError as error:
            at = ("kiosk", "texts")
            found.append(_problem(loaded, at, error.what, error.hint))
    return found


def warnings_of(loaded: Loaded, now: float) -> list[SettingsProblem]:
    """Return what is allowed and perhaps not meant.  `now`: system time, Unix seconds."""
    simulated = [
        path for path, table in devices(loaded.settings) if registry.driver(str(path[0]), table.driver).simulated
    ]
    findings = advise(loaded.settings, simulated, fit(loaded.settings).abilities)
    if what := doubt(loaded.settings.venue.timezone, now):
        findings.append(Finding(("venue", "timezone"), what, "Update the system's tzdata, for its own log and screen"))
    return [_problem(loaded, found.path, found.what, found.hint) for found in findings]


def _problem(loaded: Loaded, at: KeyPath, what: str, hint: str) -> SettingsProblem:
    return SettingsProblem(str(loaded.source), line_of(loaded.lines, at), dotted(at), what, hint)
