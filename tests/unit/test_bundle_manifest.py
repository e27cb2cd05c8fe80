"""What an installer takes for a manifest: a bundle comes from a USB stick, and its first lines run as root."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gate.device import bundle
from gate.device.bundle import MANIFEST, Manifest, open_bundle, write_bundle
from gate.errors import InstallError

HEAD: dict[str, Any] = {
    "version": "1.0",
    "python": "3.13",
    "architecture": "arm64",
    "wheels": {"": ["wheels/a.whl"]},
    "needs": {"hid": ["python3-evdev"]},
    "debian": {"python3-evdev": "debian/evdev.deb"},
    "installed_bytes": 12,
}
MEMBERS = {"wheels/a.whl": b"a", "debian/evdev.deb": b"b"}
DIGESTS = dict.fromkeys(MEMBERS, "0" * 64)


def written(**changes: Any) -> bytes:
    return json.dumps({"format": 1, **HEAD, "files": DIGESTS, **changes}).encode()


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    manifest = write_bundle(tmp_path / "good", MEMBERS, HEAD, 0)
    assert Manifest.from_json(manifest.to_json()) == manifest
    with open_bundle(tmp_path / "good") as opened:
        assert opened.manifest == manifest


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"files": ' * 100_000, "nested too deeply"),
        (b"\xff", "no JSON"),
        (b"7" * 5000, "no JSON"),
        (b"[]", "another format"),
        (written(format=2), "another format"),
        (written(more=1), "other fields: more"),
        (b'{"format": 1}', "other fields: architecture"),
        (written(files=[]), "files has"),
        (written(files={"a": 1}), "files has"),
        (written(version=1), "version has"),
        (written(python=None), "python has"),
        (written(architecture=["arm64"]), "architecture has"),
        (written(wheels=["a"]), "wheels has"),
        (written(wheels={"": "a"}), "wheels has"),
        (written(wheels={"": [1]}), "wheels has"),
        (written(needs={"hid": None}), "needs has"),
        (written(debian={"a": []}), "debian has"),
        (written(installed_bytes="12"), "installed_bytes has"),
        (written(installed_bytes=True), "installed_bytes has"),
        (written(installed_bytes=-1), "installed_bytes has"),
        (written(wheels={"": ["wheels/b.whl"]}), "'wheels/b.whl' without a digest"),
    ],
)
def test_what_is_no_manifest_is_one_line_that_says_why(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, data)
    with pytest.raises(InstallError) as caught:
        open_bundle(path)
    assert words in caught.value.what
    assert "\n" not in str(caught.value)


def test_a_manifest_is_not_read_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bundle(tmp_path / "bundle", MEMBERS, HEAD, 0)
    monkeypatch.setattr(bundle, "_MOST_MANIFEST", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, written() + b" " * (1 << 20))
    open_bundle(tmp_path / "bundle").close()
    with pytest.raises(InstallError, match="larger than 1 MiB"):
        open_bundle(tmp_path / "bomb")
