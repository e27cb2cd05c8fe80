"""Things to hold before the Raspberry Pi camera's double."""

import shutil
from pathlib import Path

import numpy as np

from tests.contract.camera_rigs import BLANK, drawn


def attach(folder: Path) -> dict[str, str]:
    """Lay the double of the library out below `folder`; the environment in which a worker finds it."""
    library = folder / "library"
    library.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("picamera2_double.py"), library / "picamera2.py")
    return {"PYTHONPATH": str(library), "PICAMERA2_DOUBLE": str(folder)}


def show(folder: Path, *texts: str) -> None:
    """Every text for twelve frames, three frames of wall after it, from the camera's next start."""
    film = [picture for text in texts for picture in [drawn(text)] * 12 + [BLANK] * 3]
    np.save(folder / "next.npy", np.stack(film or [BLANK]))
    (folder / "next.npy").rename(folder / "film.npy")  # never half a film
