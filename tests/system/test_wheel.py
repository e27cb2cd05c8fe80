"""The built package, installed alone: what a device gets, with what it needs to run and nothing else."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needed(requirement: Requirement, found: dict[str, importlib.metadata.Distribution]) -> None:
    """Adds the distribution that answers a requirement, and all that it needs in turn."""
    asked = {extra: extra for extra in ("", *requirement.extras)}
    if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
        return
    distribution = found.get(requirement.name) or importlib.metadata.distribution(requirement.name)
    if requirement.name in found and not requirement.extras:
        return
    found[requirement.name] = distribution
    for line in distribution.requires or []:
        further = Requirement(line)
        if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in asked):
            further.marker = None
            needed(further, found)


def link_run_time_packages(site: Path) -> None:
    """Makes what pyproject.toml asks for at run time importable from `site`, and no more of this environment."""
    found: dict[str, importlib.metadata.Distribution] = {}
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        needed(Requirement(line), found)
    for distribution in found.values():
        tops = {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}
        for top in tops:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that has the wheel, its run-time packages and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    into = ("--python", folder / "bin" / "python")
    run(sys.executable, "-m", "pip", *into, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    link_run_time_packages(site)
    return folder / "bin"


def test_the_wheel_holds_all_that_is_not_code_too(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [path for top in ("gate", "drivers") for path in (ROOT / top).rglob("*") if path.is_file()]
    expected = {path.relative_to(ROOT).as_posix() for path in data if "__pycache__" not in path.parts}
    kinds = {Path(name).suffix for name in expected}
    assert {".py", ".html", ".css", ".js", ".sql", ".toml", ".typed"} <= kinds, "the tree has moved: look here again"
    shipped = [path for top in ("config", "systemd") for path in (ROOT / top).rglob("*") if path.is_file()]
    expected |= {f"gate/data/{path.relative_to(ROOT)}" for path in shipped}
    assert expected - names == set()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"gate", "drivers"}


def test_the_installed_package_answers_from_anywhere(installed: Path, tmp_path: Path) -> None:
    assert "verify" in run(installed / "python", "-I", "-m", "gate", "--help", cwd=tmp_path)
    assert "verify" in run(installed / "gate", "--help", cwd=tmp_path)


def test_every_module_loads_without_the_packages_for_developers(installed: Path, tmp_path: Path) -> None:
    program = """
import importlib, pkgutil, sys, gate, drivers
for package in (gate, drivers):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        # shipped for tests; starts the gate; needs the extra `desk`
        if not module.name.startswith(("gate.testing.", "gate.__main__", "gate.desk.")):
            importlib.import_module(module.name)
assert "pytest" not in sys.modules
print(gate.__file__)
"""
    loaded_from = Path(run(installed / "python", "-I", "-c", program, cwd=tmp_path).strip())
    assert installed.parent in loaded_from.parents


def test_the_installed_package_finds_its_drivers_and_starting_files(installed: Path, tmp_path: Path) -> None:
    drivers = run(installed / "gate", "drivers", cwd=tmp_path)
    assert "gpio_relay" in drivers
    assert "camera" in drivers
    assert "[venue]" in run(installed / "gate", "config", "init", "--venue", "fitness", cwd=tmp_path)


def test_the_installed_package_plays_the_demo(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "gate", "demo", "--headless", "--people", "2", "--seed", "1", "--json", cwd=tmp_path)
    assert len([json.loads(line) for line in told.splitlines()]) >= 2
