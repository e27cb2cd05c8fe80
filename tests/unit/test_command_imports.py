"""What a command imports before it does anything: a guard at the door waits for it."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "cv2", "drivers", "asyncio", "tuf", "rich", "gate.registry", "gate.wiring", "prometheus_client")


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("gate.cli.main", ("pydantic", "sqlite3", "difflib", *HEAVY)),
        ("gate.cli.lane", ("pydantic", "sqlite3", *HEAVY)),
        ("gate.cli.journal", ("pydantic", *HEAVY)),
        ("gate.cli.list_places", HEAVY),
        ("gate.cli.list_find", HEAVY),
    ],
)
def test_a_command_loads_no_more_than_it_needs(module: str, without: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print(*sorted(name for name in {without!r} if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
