"""The device's own key, and its public half for those who may not read it."""

from pathlib import Path

import pytest

from gate.store import device_key
from gate.store.device_key import load_or_make, load_public


def test_the_public_half_is_written_once_for_everybody(tmp_path: Path) -> None:
    key = load_or_make(tmp_path)
    published = tmp_path / "device.pub"
    assert published.read_text() == bytes(key.verify_key).hex() + "\n"
    assert published.stat().st_mode & 0o777 == 0o644
    before = published.stat()
    assert load_or_make(tmp_path) == key
    assert published.stat().st_ino == before.st_ino


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\0", b"not hex\n", bytes(32).hex().encode() + b"\n"])
def test_a_damaged_public_half_is_written_again(tmp_path: Path, damage: bytes) -> None:
    key = load_or_make(tmp_path)
    (tmp_path / "device.pub").write_bytes(damage)
    assert load_or_make(tmp_path) == key
    assert (tmp_path / "device.pub").read_text() == bytes(key.verify_key).hex() + "\n"


def test_a_disk_that_refuses_the_public_half_keeps_no_key_from_signing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_or_make(tmp_path)
    (tmp_path / "device.pub").unlink()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(device_key, "write_whole", refuse)
        assert load_or_make(tmp_path) == key
        assert load_public(tmp_path) == key.verify_key
    assert not (tmp_path / "device.pub").exists()
    assert load_public(tmp_path) == key.verify_key
    assert (tmp_path / "device.pub").exists()
