"""The services beside the first lane, under systemd: the pages of staff, reports, and a further lane."""

import json
from collections.abc import Callable

import pytest

from gate.desk.pins import hash_pin
from tests.vm.door import Door
from tests.vm.machine import HERE, PATIENCE, READY_WITHIN, Image, Machine
from tests.vm.place import CONFIG, Place

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3000 * PATIENCE)]
PINS = {"guard-07": "482913", "tech-01": "739164"}
ROLES = {"guard-07": "guard", "tech-01": "technician"}
DESK = '\n[desk]\nlisten = "127.0.0.1:8443"\n' + "".join(
    f'[[desk.user]]\nname = "{name}"\nrole = "{ROLES[name]}"\npin = "{hash_pin(pin)}"\n' for name, pin in PINS.items()
)
LEFT_ROOM = """
[device]
id = "vm-2"
state_dir = "/var/lib/gate/lanes/left"
list_dir = "/var/lib/gate/lists"
run_dir = "/run/gate/left"
"""


def left_lane() -> str:
    """Return the configuration of a further lane, with a folder of pictures for a camera."""
    text = CONFIG.replace('[device]\nid = "vm-1"\n', LEFT_ROOM).replace("127.0.0.1:8080", "127.0.0.1:8081")
    text = text.replace('"/dev/video0"\nwidth = 640\nheight = 480\nfps = 4.0', '"/srv/pictures"')
    text = text.replace("line = 17", "line = 23")
    return text.partition("[[input]]")[0] + '[kiosk]\nlisten = "127.0.0.1:8081"\n'


def asked(machine: Machine, name: str, *calls: str) -> list[tuple[int, dict[str, object]]]:
    """Sign in at the desk in the guest; return the status and the answer of the sign-in and of each call."""
    words = " ".join(f"'{word}'" for word in (name, PINS[name], *calls))
    program = (HERE / "desk_client.py").read_bytes()
    lines = machine.run(f"python3 - {words}", stdin=program, patience=900 * PATIENCE).splitlines()
    return [(int(line[:3]), json.loads(line[4:])) for line in lines]


def test_staff_a_further_lane_and_reports(installed: Image, place: Place, switched_on: Callable[..., Machine]) -> None:
    card = place.card()
    table = b"\n[provision]\n"
    card["gate.toml"] = card["gate.toml"].replace(table, DESK.encode() + table)
    machine = switched_on(installed, card=card)
    door = Door(machine)
    door.wait_until_ready(READY_WITHIN)
    assert door.show(place.issue(2)) == "admitted"

    machine.run("until ss -ltn | grep -q :8443; do sleep 2; done", patience=600 * PATIENCE)
    signed, recent, order = asked(machine, "guard-07", "recent", "order", '{"mode": "locked_down", "on": true}')
    assert (signed[0], signed[1]["role"]) == (200, "guard")
    assert "admitted" in json.dumps(recent[1])
    assert order[0] == 200, order
    assert "locked_down" in machine.run("gate lane status --config /etc/gate/gate.toml")
    machine.run("gate lane lockdown off --config /etc/gate/gate.toml")
    rows = machine.run("gate journal tail -n 50 --config /etc/gate/gate.toml --json")
    assert "guard-07" in rows

    signed, log, begun, *_ = asked(machine, "tech-01", "log?hours=1", "report_begin", "{}")
    assert (signed[0], log[0], begun[0]) == (200, 200, 200), (log, begun)
    assert "gate" in json.dumps(log[1])

    machine.run("install -d /srv/pictures")
    machine.put("/etc/gate/lanes/left.toml", left_lane().encode())
    machine.run("mkdir -p /etc/systemd/system/gate@left.service.d")
    machine.run("cp /etc/systemd/system/gate.service.d/slow.conf /etc/systemd/system/gate@left.service.d/")
    machine.run("systemctl daemon-reload && systemctl enable --now gate@left", patience=900 * PATIENCE)
    assert "mode enforce" in machine.run("gate lane status --config /etc/gate/lanes/left.toml")
    assert machine.run("systemctl is-active gate gate@left gate-sync gate-desk").split() == ["active"] * 4

    machine.run("systemctl start gate-report", patience=900 * PATIENCE)
    kept = machine.run("ls -l /var/lib/gate/reports")
    assert "vm-1" in kept, kept
    assert "vm-2" in kept, kept
    machine.run("setpriv --reuid=gate-desk --regid=gate --clear-groups cat /var/lib/gate/reports/*.json > /dev/null")
    assert machine.run("systemctl is-enabled gate-report.timer gate-kiosk").split() == ["enabled"] * 2
