"""The files that come with the program and are no code: templates, units, guides.

A wheel carries them in `gate/data`; a checkout has them at its top.
"""

from importlib import resources
from pathlib import Path

import gate


def shipped(*names: str) -> Path:
    """Return the path of a shipped file or folder, such as `shipped("config", "venues")`."""
    packed = Path(str(resources.files(gate).joinpath("data")))
    top = packed if packed.is_dir() else Path(gate.__file__).parents[1]
    return top.joinpath(*names)
