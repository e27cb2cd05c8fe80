"""The doctor's check of the pages of staff: whether they can be reached, and for how long their certificate lasts."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark
from gate.doctor.services import unit_properties
from gate.runtime.clock import SystemClock
from gate.settings.desk import DeskTable, desk_state_of

ANSWERS_WITHIN = 3.0  # seconds for a connection on this device
_SOON = 14  # days that a certificate still lasts: time to get another
_NEEDS = ("cryptography", "itsdangerous", "limits")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def desk(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check the desk where the configuration has one."""
    table = examined.settings.desk
    if table.listen is None:
        return
    if missing := [name for name in _NEEDS if find_spec(name) is None]:
        advice = "Install the gate `--with desk`"
        yield CheckLine("desk", Mark.FAIL, f"packages are missing: {', '.join(missing)}", advice)
        return
    if not table.user:
        advice = "Add the table that `gate desk pin --name N --role R` prints"
        yield CheckLine("desk", Mark.FAIL, "nobody may sign in: there is no [[desk.user]]", advice)
        return
    yield _reached(examined, table)
    if table.cert:
        yield from _certificate(table.cert)
    elif table.tls:
        yield from _certificate(desk_state_of(table, examined.settings.device.state_dir) / "desk.crt", own=True)


def _reached(examined: ExaminedGate, table: DeskTable) -> CheckLine:
    host = _EVERYWHERE.get(table.host, table.host)
    try:
        with socket.create_connection((host, table.port), ANSWERS_WITHIN):
            return CheckLine("desk", Mark.PASS, f"it listens on {table.listen}, for {len(table.user)} users")
    except OSError as error:
        shown = unit_properties(examined, "gate-desk.service") if examined.has_systemd else None
        state = f"; gate-desk.service is {shown.get('ActiveState', 'unknown')}" if shown else ""
        found = f"nothing answers on {table.listen} ({error.strerror or 'in time'}){state}"
        advice = "`systemctl enable --now gate-desk`, and see `journalctl -u gate-desk`"
        return CheckLine("desk", Mark.WARN, found, advice)


def _certificate(path: Path, *, own: bool = False) -> Iterator[CheckLine]:
    from cryptography import x509  # 20 MB that other gates do not load

    try:
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except FileNotFoundError:
        if not own:  # else it is made at the first start
            yield CheckLine("desk", Mark.FAIL, f"{path} is not there", "Put the certificate there, PEM")
        return
    except PermissionError:
        yield CheckLine("desk", Mark.UNKNOWN, f"this account may not read {path}", "Call it as root")
        return
    except (OSError, ValueError) as error:
        yield CheckLine("desk", Mark.FAIL, f"{path} is no certificate ({error})", "Put one there, PEM")
        return
    days = (ends - datetime.fromtimestamp(SystemClock().now(), UTC)).days
    found = f"its certificate lasts until {ends:%Y-%m-%d}"
    if days < 0:
        yield CheckLine("desk", Mark.FAIL, found, "`systemctl restart gate-desk` renews its own" if own else "Renew it")
    elif days < _SOON:
        yield CheckLine("desk", Mark.WARN, found, "`systemctl restart gate-desk` renews its own" if own else "Renew it")
    else:
        yield CheckLine("desk", Mark.PASS, found)
