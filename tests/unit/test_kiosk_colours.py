"""The two verdicts are plainly different colours to colour-blind people, too."""

import re
from pathlib import Path

import numpy as np
import pytest

from gate import kiosk

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009),
# severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)
WHITE = RGB_TO_XYZ @ np.ones(3)  # D65


def ground(scene: str) -> str:
    css = (Path(kiosk.__file__).parent / "static" / "kiosk.css").read_text()
    found = re.search(rf'^\[data-scene="{scene}"\] {{ --ground: #(\w{{6}});', css, re.MULTILINE)
    assert found
    return found[1]


def lab(colour: str, vision: str) -> np.ndarray:
    rgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = RGB_TO_XYZ @ np.clip(VISION[vision] @ linear, 0, 1) / WHITE
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize(("vision", "least"), [("normal", 90), ("deutan", 40), ("protan", 25)])
def test_admitted_and_refused_are_apart(vision: str, least: float) -> None:
    """CIE76: 30 is plainly another colour; a usual green and a usual red are 20 and 17 apart to these eyes."""
    apart = float(np.linalg.norm(lab(ground("admitted"), vision) - lab(ground("refused"), vision)))
    assert apart > least
