"""A driver that lacks a part of its port cannot be made: one without `off` would open, and never lock."""

from abc import ABC
from typing import Any

import pytest

from drivers._shared.switch import Switch
from drivers._shared.threaded_switch import ThreadedSwitch
from gate.ports.barrier import Barrier
from gate.ports.decoder import Decoder
from gate.ports.feedback import Feedback
from gate.ports.inputs import Input
from gate.ports.reader import Reader

PORTS: dict[type[ABC], set[str]] = {
    Switch: {"on", "off", "confirm", "check", "close"},
    ThreadedSwitch: {"on", "off", "poll"},
    Barrier: {"release", "set_stance", "secure", "secured", "watch"},
    Reader: {"run"},
    Input: {"run"},
    Feedback: {"show"},
    Decoder: {"read_file"},
}


def made(port: type[ABC], parts: set[str]) -> Any:
    return type("Half", (port,), {part: lambda *_: None for part in parts})


@pytest.mark.parametrize(("port", "missing"), [(port, part) for port, parts in PORTS.items() for part in sorted(parts)])
def test_a_driver_without_one_part_of_its_port_cannot_be_made(port: type[ABC], missing: str) -> None:
    whole = made(port, PORTS[port])
    assert whole.__abstractmethods__ == frozenset()
    with pytest.raises(TypeError, match=missing):
        made(port, PORTS[port] - {missing})()
