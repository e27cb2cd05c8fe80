"""The doctor's check of a Raspberry Pi whose GPIO lines move a lock."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gate.doctor.examined import ExaminedGate, text_of
from gate.doctor.lines import CheckLine, Mark

_CONFIGS = ("boot/firmware/config.txt", "boot/config.txt")
_PERSISTS = "sys/module/pinctrl_*/parameters/persist_gpio_outputs"
_MODEL = "proc/device-tree/model"
_STRICT = re.compile(r"^\s*dtparam=(?:[^#\n]*,)?strict_gpiod\b", re.MULTILINE)


def killed_outputs(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the kernel releases a line whose process was killed."""
    if hasattr(examined.settings.barrier, "line"):
        yield kept_level(examined.root)


def kept_level(root: Path) -> CheckLine:
    """Check the kernel's setting.  Raspberry Pi kernels by default keep the level of a line whose process has
    died."""
    configs = _texts(root / name for name in _CONFIGS)
    persists = _texts(root.glob(_PERSISTS))
    if any(text is not None and _STRICT.search(text) for text in configs):
        return CheckLine("outputs", Mark.PASS, "strict_gpiod: a killed gate's relay is let go of at once")
    if persists and all(value in ("N", "n", "0") for value in persists):
        return CheckLine("outputs", Mark.PASS, "the kernel lets go of a killed gate's relay at once")
    if None in configs or None in persists:
        advice = "Call it as root: `sudo gate doctor`"
        found = "whether the kernel keeps a killed gate's relay cannot be read"
        return CheckLine("outputs", Mark.UNKNOWN, found, advice)
    if configs or persists:
        advice = "Add dtparam=strict_gpiod to config.txt and start again; gate.service runs `gate safe-outputs` as well"
        return CheckLine("outputs", Mark.WARN, "this kernel keeps the level of a killed gate's relay", advice)
    if "Raspberry" in (text_of(root / _MODEL) or ""):
        advice = "Mount the boot partition, so that /boot/firmware/config.txt can be read"
        return CheckLine("outputs", Mark.UNKNOWN, "whether the kernel keeps a killed gate's relay is not known", advice)
    return CheckLine("outputs", Mark.PASS, "this is no Raspberry Pi: its kernel lets go of a killed gate's relay")


def _texts(paths: Iterable[Path]) -> list[str | None]:
    """Return the texts of those files that are there; None for one that cannot be read."""
    found: list[str | None] = []
    for path in paths:
        try:
            found.append(path.read_text("utf-8", "replace").strip())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            found.append(None)
    return found
