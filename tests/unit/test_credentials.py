"""Secrets that a configuration refers to: where they are found, and what is seen of them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gate.errors import DeviceError
from gate.ports import credentials
from gate.ports.credentials import fill
from gate.ports.driver import DriverConfig, DriverSpec
from gate.registry import Fitted
from gate.settings.problems import SettingsError, SettingsProblem
from tests.unit.configurations import SAMPLE, load

CAMERA = 'device = "/dev/v4l/by-id/usb-camera"'


def faults_of(folder: Path, text: str) -> tuple[SettingsProblem, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return caught.value.problems


class Wired(DriverConfig):
    driver: str = "wired"
    device: str = "rtsp://gate:{credential:camera}@192.0.2.17/1"
    key_file: Path = Path("/etc/gate/{credential:osdp}")
    exposures: tuple[float, ...] = (1.0,)


@asynccontextmanager
async def opened(config: Wired) -> AsyncIterator[Wired]:
    yield config


FITTED = Fitted("reader[0]", DriverSpec("wired", Wired, opened, "a device that is its settings"), Wired())


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


async def test_a_device_is_opened_with_its_secrets_and_keeps_them_out_of_its_settings(given: Path) -> None:
    (given / "gate.camera").write_text("s3cret%40\n")
    (given / "gate.osdp").write_text("00" * 16)

    async with FITTED.open() as config:
        assert config.device == "rtsp://gate:s3cret%40@192.0.2.17/1"
        assert config.key_file == given / "gate.osdp"
    assert "s3cret" not in repr(FITTED)


async def test_a_secret_that_was_put_right_helps_without_a_restart(given: Path) -> None:
    with pytest.raises(DeviceError, match=r"the secret camera cannot be read .*gate\.camera: No such file"):
        async with FITTED.open():
            pass
    (given / "gate.camera").write_text("s3cret")

    async with FITTED.open() as config:
        assert "s3cret" in config.device


async def test_a_command_that_root_runs_has_the_encrypted_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(credentials, "STORE", tmp_path / "plain")
    monkeypatch.setattr(credentials, "SEALED_STORE", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program = tmp_path / "systemd-creds"
    program.write_text('#!/bin/sh\n[ "$1 $2" = "decrypt --name=${3##*/}" ] && tr a-z b-za <"$3"\n')
    program.chmod(0o755)
    (tmp_path / "gate.camera").write_text("r2bqds")
    (tmp_path / "gate.osdp").write_text("zz")

    async with FITTED.open() as config:
        assert config.device == "rtsp://gate:s2cret@192.0.2.17/1"
        assert config.key_file.read_text() == "aa"
        os.close(int(config.key_file.name))  # the process of the tests lives on
    os.close(int(credentials._unsealed(tmp_path / "gate.camera").name))  # type: ignore[union-attr] # as above


@pytest.mark.parametrize("content", [b"\xff\xfe", b"two\nlines", b"x" * 10_000, b"nul\x00"])
def test_a_secret_that_is_no_line_of_text(given: Path, content: bytes) -> None:
    (given / "gate.camera").write_bytes(content)

    with pytest.raises(DeviceError, match="the secret camera is not"):
        fill("{credential:camera}")


def test_one_reference_is_not_filled_in_by_another(given: Path) -> None:
    (given / "gate.a").write_text("{credential:b}")
    (given / "gate.b").write_text("never")

    assert fill("{credential:a}") == "{credential:b}"


@pytest.mark.parametrize(
    "text",
    [
        "{credential:}",
        "{credential:../shadow}",
        "{credential:A}",
        "{credential:camera",
        "{credential:a}{credential:b b}",
    ],
)
def test_what_is_no_reference_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    [fault] = faults_of(tmp_path, SAMPLE.replace(CAMERA, f'device = "{text}"'))

    assert (fault.key, fault.what) == ("reader[0].device", "this is no reference to a secret")


def test_secrets_belong_to_devices_and_to_the_sync(tmp_path: Path) -> None:
    text = SAMPLE.replace('state_dir = "/var/lib/gate"', 'state_dir = "{credential:where}"')
    [fault] = faults_of(tmp_path, text.replace("https://b.", "https://gate:{credential:b}@b."))

    assert (fault.key, fault.what) == ("device.state_dir", "no secret is filled in here")
