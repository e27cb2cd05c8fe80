"""The folders of a device, read from its configuration without a model, a driver or a check of the rest.

An order of staff, or a look into the journal, must neither wait for the drivers of this gate nor fail because of a
fault in a table that it does not need.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.settings.text import parse_text, read_text

DEFAULT_STATE = Path("/var/lib/gate")
DEFAULT_RUN = Path("/run/gate")
_FOLDERS = ("state_dir", "list_dir", "run_dir")


@dataclass(frozen=True, slots=True)
class DevicePaths:
    """Paths of one device; absolute if the configuration file's is."""

    state_dir: Path
    lists: Path
    runs: Path  # folder of the control socket
    root: Path | None  # root.json of the authority; None without [sync]


def lists_of(state_dir: Path, list_dir: Path | None) -> Path:
    """Return the folder of the lists, configured or default."""
    if list_dir is not None:
        return list_dir
    return DEFAULT_STATE / "lists" if state_dir == DEFAULT_STATE else state_dir


def run_dir_of(state_dir: Path, run_dir: Path | None = None) -> Path:
    """Return the folder of a lane's socket, configured or default."""
    if run_dir is not None:
        return run_dir
    return DEFAULT_RUN if state_dir == DEFAULT_STATE else state_dir


def read_paths(path: Path) -> DevicePaths | None:
    """Read the paths in a file.  None where [device] or [sync] is not as it should be: load the whole file, to learn
    why.  Raises ConfigError for a file that cannot be read or is not TOML."""
    data, _ = parse_text(path, read_text(path))
    return paths_in(data, path.absolute().parent)


def paths_in(data: Mapping[str, Any], folder: Path) -> DevicePaths | None:
    """Return the paths in a configuration's data, as `read_paths` does; relative ones start at `folder`."""
    device, sync = data.get("device"), data.get("sync")
    if not isinstance(device, dict) or device.keys() - {"id", *_FOLDERS}:
        return None
    root = None
    if sync is not None:
        root = sync.get("root", "root.json") if isinstance(sync, dict) else 0
    texts = [device.get(key) for key in _FOLDERS] + [root]
    if any(text is not None and (not isinstance(text, str) or not text or "\0" in text) for text in texts):
        return None
    state_dir, list_dir, run_dir, root = (None if text is None else folder / text for text in texts)
    state_dir = state_dir or DEFAULT_STATE
    return DevicePaths(state_dir, lists_of(state_dir, list_dir), run_dir_of(state_dir, run_dir), root)
