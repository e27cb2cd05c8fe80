"""The gate's place: lists, mirrors, this computer, and its configuration.  Blocks for a moment."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gate.desk.technician.machine import machine_state
from gate.registry import config_of
from gate.settings.load import read_settings
from gate.settings.model import Settings
from gate.settings.problems import dotted
from gate.settings.redaction import Redaction
from gate.settings.review import effective


def site_facts(settings: Settings, folder: Path, sync: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the gate's place.  Times are Unix s.  `sync`: as the lane tells it, for the desk may not read there."""
    machine = machine_state(folder)
    limits = settings.list.limits
    return {
        "device": settings.device.id,
        "venue": settings.venue.id,
        "version": release(),
        "uptime_s": machine.uptime_s and round(machine.uptime_s),
        "memory": machine.memory,
        "temperature": machine.temperature,
        "disk_free": machine.disk_free,
        "page": settings.kiosk and f"{settings.kiosk.host}:{settings.kiosk.port}",
        "limits_s": {"warn": limits.warn_after, "restrict": limits.restrict_after, "refuse": limits.refuse_after},
        "sync": _sync(settings, sync or {}),
    }


def _sync(settings: Settings, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the mirrors as they are configured, each with its last try; None without [sync]."""
    if settings.sync is None:
        return None
    tries = {shown_mirror(one["mirror"]): one for one in told.get("tries", ())}
    last = told.get("last_mirror")
    return {
        "every_s": settings.sync.every,
        "last_at": told.get("last_at"),
        "last_mirror": last and shown_mirror(last),
        "next_at": told.get("next_at"),
        "mirrors": [_mirror(where, tries) for where in settings.sync.mirrors],
    }


def _mirror(where: str, tries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    known = shown_mirror(where)
    tried = tries.get(known)
    facts: dict[str, Any] = {"address": known, "at": None, "problem": "", "received": None}
    if tried is not None:
        facts |= {"at": tried["at"], "problem": tried["problem"], "received": tried["received"]}
    return facts


def shown_mirror(where: str) -> str:
    """Return a mirror's address without user, password and query: a technician needs the path."""
    scheme, separator, rest = where.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def configuration(file: Path) -> list[dict[str, Any]]:
    """Return every effective value of the configuration file as it is now, with its line; None: a default.  Raises
    ConfigError."""
    loaded = read_settings(file, config_of)
    sieve = Redaction(loaded.settings.model_dump(mode="json"))
    return [
        {
            "key": dotted(row.path),
            "value": json.dumps(sieve.value(str(row.path[-1]), row.value), ensure_ascii=False),
            "line": row.line,
        }
        for row in effective(loaded)
    ]


def release() -> str:
    """Return the version of this gate."""
    try:
        return version("ashyq-gate")
    except PackageNotFoundError:  # run from a folder, not installed
        return "unknown"
