"""`gate provision` that is cut at every change of a file it makes: the old set-up or the new one, and the next start
finishes."""

import shutil
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from gate.device.layout import DeviceLayout
from gate.device.provision.card import read_card_file
from gate.device.provision.change import decide
from gate.device.provision.plan import check
from gate.device.provision.run import provision
from tests.dying import dies_at_change
from tests.sweeps import parts
from tests.system.card_rig import SECRETS, TEXT, TIMES, Image, unpacked

PARTS = 12
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
NEW = (
    TEXT.replace("fit-abay-1", "fit-abay-2")
    .replace(SECRETS[1], "c4mera-new")
    .replace('country = "KZ"', 'country = "KG"')
)


def run(image: Image) -> int:
    return provision(image.file, DeviceLayout(image.root), image.card, AT)[1]


@pytest.mark.parametrize("part", parts(PARTS))
@pytest.mark.parametrize("first", [True, False], ids=["first", "changed"])
def test_a_cut_leaves_the_old_or_the_new_and_the_next_start_finishes(tmp_path: Path, first: bool, part: int) -> None:
    before = unpacked(tmp_path / "image")
    if not first:
        assert run(before) == 0
        before.write(NEW)
    kept = shutil.copytree(before.root, tmp_path / "before", symlinks=True)
    old = before.config.read_bytes() if before.config.exists() else None
    assert run(before) == 0
    after, new = before.tree(but=TIMES), before.config.read_bytes()
    assert not [path for path in after if ".provision" in path or path.endswith(".new")]
    secrets = ("device.key", "device.pub", "gate-device.svg") if first else ()  # made by chance at the first run

    tried = 0
    for number in count(part + 1, PARTS):
        shutil.rmtree(before.root)
        shutil.copytree(kept, before.root, symlinks=True)
        if not dies_at_change(number, lambda: run(before), tmp_path):
            break
        tried += 1
        found = before.config.read_bytes() if before.config.exists() else None
        assert found in (old, new), f"change {number}"
        decided = (before.root / "etc/gate/.provision").exists()
        assert decided or found == new or before.tree(but=TIMES)["etc/hosts"][1] == _hosts(kept), f"change {number}"
        assert run(before) == 0, f"change {number}"
        left = {path: what for path, what in before.tree(but=TIMES).items() if not path.endswith(secrets or ("\0",))}
        wanted = {path: what for path, what in after.items() if not path.endswith(secrets or ("\0",))}
        assert left == wanted, f"change {number}"
        card = before.file.read_bytes()
        assert not [secret for secret in (*SECRETS, "c4mera-new") if secret.encode() in card], f"change {number}"
    assert tried > 5


def _hosts(kept: Path) -> bytes:
    return (kept / "etc/hosts").read_bytes()


def test_a_decided_change_is_finished_although_the_card_is_gone(tmp_path: Path) -> None:
    image = unpacked(tmp_path / "image")
    layout = DeviceLayout(image.root)
    decide(layout, check(read_card_file(image.file), layout, None, AT.timestamp(), 0.0).changes)
    image.file.unlink()
    assert not image.config.exists()

    assert run(image) == 78
    assert image.config.is_file()
    assert not (image.root / "etc/gate/.provision").exists()
