"""`gate install` for an environment that pipx, uv or pip made: which one the services may run from."""

import sys
from pathlib import Path

import pytest

import gate
from gate.device.install.own_venv import check_environment
from gate.device.layout import DeviceLayout
from gate.device.shipped import shipped
from gate.errors import InstallError
from tests.commands.process import run_gate


def run_from(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an environment, as this process would see it if it ran there."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/python").touch()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "executable", str(prefix / "bin/python"))
    monkeypatch.setattr(gate, "__file__", str(prefix / "lib/python3.13/site-packages/gate/__init__.py"))
    return prefix


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return run_from(tmp_path / "opt/tools/ashyq-gate", monkeypatch)


def test_an_environment_of_roots_below_opt_is_taken(environment: Path, tmp_path: Path) -> None:
    check_environment(environment, DeviceLayout(tmp_path))


def test_a_checkout_is_none(environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "__file__", str(tmp_path / "checkout/gate/__init__.py"))
    with pytest.raises(InstallError, match=r"no environment of its own\. From a checkout: scripts/install"):
        check_environment(environment, DeviceLayout(tmp_path))


def test_one_in_a_home_is_refused_for_services_see_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = run_from(tmp_path / "home/anna/.local/pipx/venvs/ashyq-gate", monkeypatch)
    with pytest.raises(InstallError, match=r"the services cannot see .*ashyq-gate\. .*PIPX_HOME=/opt/pipx"):
        check_environment(prefix, DeviceLayout(tmp_path))


def test_an_interpreter_in_a_home_is_refused_too(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = tmp_path / "home/anna/python3.13"
    hidden.parent.mkdir(parents=True)
    hidden.touch()
    link = environment / "bin/python3"
    link.symlink_to(hidden)
    monkeypatch.setattr(sys, "executable", str(link))
    with pytest.raises(InstallError, match=r"the services cannot see .*anna/python3\.13"):
        check_environment(environment, DeviceLayout(tmp_path))


def test_one_that_others_may_change_is_refused(environment: Path, tmp_path: Path) -> None:
    environment.parent.chmod(0o777)
    with pytest.raises(
        InstallError, match=r"others than root may change .*/opt/tools, and with it what the services run"
    ):
        check_environment(environment, DeviceLayout(tmp_path))


def test_a_release_in_use_lays_its_own_units_and_changes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    unit = tmp_path / "usr/lib/systemd/system/gate.service"
    for before in ("", "[Service]\nExecStart=/opt/gate/bin/gate run --option-of-another-version\n"):
        if before:
            unit.write_text(before)
        laid = run_gate("install", "--files-only", "--root", tmp_path)
        assert laid.returncode == 0, laid.stderr
        assert unit.read_bytes() == shipped("systemd", "gate.service").read_bytes()
    assert not DeviceLayout(tmp_path).current.exists()
    both = run_gate("install", "--files-only", "--uninstall", "--root", tmp_path)
    assert (both.returncode, both.stderr.count("\n")) == (2, 1)
