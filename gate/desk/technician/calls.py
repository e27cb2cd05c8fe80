"""Calls of the technician's pages.  The lane checks role and mode of its own requests once more."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from gate.control.requests import AcceptRequest, PartsRequest, RecentRequest
from gate.core.acceptance_record import canonical, digest_of
from gate.core.staff_role import StaffRole
from gate.desk.calls import Call, CallRefusedError, DeskCall, lane_request
from gate.desk.lane_link import LaneSilentError
from gate.desk.technician.acceptance import MOST_WORDS, AcceptanceRun, fitted_trials, record_facts
from gate.desk.technician.machine import boot_id
from gate.desk.technician.record_html import record_html
from gate.desk.technician.room import TechnicianRoom
from gate.desk.technician.samples import merged
from gate.desk.technician.site import configuration, release, site_facts
from gate.desk.technician.texts_of import technician_words
from gate.desk.technician.unit_log import read_log
from gate.errors import ConfigError, DeviceError
from gate.settings.redaction import Redaction

TECHNICIAN = frozenset({StaffRole.TECHNICIAN})
_DAY, _WEEK_MERGED = 288, 12  # samples: a day of them, and an hour

Answer = Mapping[str, Any]
_Handle = Callable[[Call, TechnicianRoom], Awaitable[Answer]]


def technician_calls(room: TechnicianRoom) -> tuple[DeskCall, ...]:
    """Return the calls that use this room."""

    def row(method: str, name: str, handle: _Handle) -> DeskCall:
        async def answer(call: Call) -> Answer:
            try:
                return await handle(call, room)
            except DeviceError as error:
                raise CallRefusedError(409, "failed", problem=str(error)) from error

        return DeskCall(method, name, TECHNICIAN, answer)

    return (
        row("GET", "parts", _parts),
        row("POST", "output", _asked("output")),
        row("POST", "picture", _asked("picture")),
        row("GET", "site", _site),
        row("GET", "configuration", _configuration),
        row("GET", "log", _log),
        row("GET", "charts", _charts),
        row("POST", "report_begin", _begin_report),
        row("GET", "report_text", _report),
        row("GET", "acceptance", _acceptance),
        row("POST", "acceptance_begin", _begin),
        row("POST", "acceptance_skip", _skip),
        row("POST", "acceptance_end", _end),
        row("POST", "acceptance_drop", _drop),
    )


async def _parts(call: Call, _: TechnicianRoom) -> Answer:
    return await call.desk.link.ask(PartsRequest(user=call.user))


def _asked(do: str) -> _Handle:
    """Return the handler of a call that becomes one request to the lane."""

    async def handle(call: Call, _: TechnicianRoom) -> Answer:
        return await call.desk.link.ask(lane_request(do, call))

    return handle


async def _site(call: Call, room: TechnicianRoom) -> Answer:
    try:
        parts = await call.desk.link.ask(PartsRequest(user=call.user))
    except LaneSilentError:  # the place is known all the same
        parts = {}
    return await asyncio.to_thread(site_facts, call.desk.settings, room.folder, parts.get("sync"))


async def _configuration(_: Call, room: TechnicianRoom) -> Answer:
    try:
        return {"file": str(room.config), "rows": await asyncio.to_thread(configuration, room.config)}
    except ConfigError as error:
        return {"file": str(room.config), "rows": [], "problem": str(error)}


async def _log(call: Call, _: TechnicianRoom) -> Answer:
    hours = call.values.get("hours", "24")
    sieve = await asyncio.to_thread(Redaction, call.desk.settings.model_dump(mode="json"))
    lines = await read_log(str(call.values.get("level", "info")), int(hours) if str(hours).isdigit() else 24, sieve)
    return {"lines": [asdict(line) for line in lines]}


async def _charts(call: Call, room: TechnicianRoom) -> Answer:
    ring = list(room.samples.ring)
    samples = merged(ring, _WEEK_MERGED) if call.values.get("span") == "week" else ring[-_DAY:]
    return {"samples": [asdict(one) for one in samples]}


async def _begin_report(call: Call, room: TechnicianRoom) -> Answer:
    room.begin_report(call.user)
    return {}


async def _report(_: Call, room: TechnicianRoom) -> Answer:
    return {"text": room.report()}


async def _acceptance(call: Call, room: TechnicianRoom) -> Answer:
    parts = await call.desk.link.ask(PartsRequest(user=call.user))
    run = room.run
    if run is not None:
        before = (dict(run.done), list(run.missed))
        recent = await call.desk.link.ask(RecentRequest(n=50, user=call.user))
        status = call.desk.link.status or {}
        run.take(parts["at"], recent["decisions"], parts, status, await asyncio.to_thread(boot_id))
        if before != (run.done, run.missed):
            await room.keep_run(run)
    return {"run": run and asdict(run), "fitted": fitted_trials(parts), "whole": bool(run and _is_whole(run, parts))}


def _is_whole(run: AcceptanceRun, parts: Answer) -> bool:
    return set(run.done) | set(run.skipped) >= set(fitted_trials(parts))


async def _begin(call: Call, room: TechnicianRoom) -> Answer:
    parts = await call.desk.link.ask(PartsRequest(user=call.user))
    await room.keep_run(AcceptanceRun(parts["at"], await asyncio.to_thread(boot_id), call.user))
    return {}


async def _skip(call: Call, room: TechnicianRoom) -> Answer:
    run = _running(room)
    run.skip(str(call.values.get("trial", "")), on=call.values.get("on") is True)
    await room.keep_run(run)
    return {}


async def _drop(_: Call, room: TechnicianRoom) -> Answer:
    await room.keep_run(None)
    return {}


async def _end(call: Call, room: TechnicianRoom) -> Answer:
    """End the run: the journal keeps the digest of its record, which goes to the browser."""
    run, settings = _running(room), call.desk.settings
    parts = await call.desk.link.ask(PartsRequest(user=call.user))
    if not _is_whole(run, parts):
        raise CallRefusedError(409, "not_whole")
    about = {
        "device": settings.device.id,
        "venue": settings.venue.id,
        "version": release(),
        "timezone": settings.venue.timezone,
        "customer": _name(call.values.get("customer")),
        "technician_name": _name(call.values.get("technician")),
    }
    facts = record_facts(run, fitted_trials(parts), about, parts["at"])
    text = canonical(facts)
    digest = digest_of(text)
    answer = await call.desk.link.ask(AcceptRequest(digest=digest, user=call.user))
    language = str(call.values.get("language", ""))
    record = record_html(facts, text, digest, answer["row"], *technician_words(language, settings.venue.languages))
    await room.keep_record(record)
    await room.keep_run(None)
    return {"row": answer["row"], "digest": digest, "html": record}


def _running(room: TechnicianRoom) -> AcceptanceRun:
    if room.run is None:
        raise CallRefusedError(409, "no_run")
    return room.run


def _name(given: object) -> str:
    text = given if isinstance(given, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:MOST_WORDS].strip()
