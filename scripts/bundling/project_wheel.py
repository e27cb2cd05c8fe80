"""The project's own wheel, built from a copy of the tree, with the pages of the manual."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import manual

from gate.errors import InstallError

_PARTS = ("gate", "drivers", "config", "systemd", "pyproject.toml", "README.md", "LICENSE")


def version_of(root: Path) -> str:
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


def digest_of(root: Path) -> str:
    """Return a digest of everything that the wheel is built from, short and fit for a version."""
    hashed = hashlib.sha256()
    for file in sorted(file for part in _PARTS for file in _files(root / part)):
        hashed.update(f"{file.relative_to(root)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return f"g{hashed.hexdigest()[:8]}"


def _files(part: Path) -> list[Path]:
    found = [part] if part.is_file() else [file for file in part.rglob("*") if file.is_file()]
    return [file for file in found if "__pycache__" not in file.parts]


def build(root: Path, version: str, folder: Path, seconds: int) -> Path:
    """Build the wheel in `folder`, with another version if that is asked for.  Raises InstallError."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    for part in _PARTS:
        if (root / part).is_dir():
            shutil.copytree(root / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / part, tree / part)
    project = (tree / "pyproject.toml").read_text()
    project = project.replace(f'version = "{version_of(root)}"', f'version = "{version}"', 1)
    project = project.replace(
        '"systemd" = "gate/data/systemd"', '"man" = "gate/data/man"\n"systemd" = "gate/data/systemd"'
    )
    (tree / "pyproject.toml").write_text(project)
    (tree / "man").mkdir()
    for name, text in manual.pages(version, seconds).items():
        (tree / "man" / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-I", "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise InstallError(f"the wheel cannot be built: {done.stderr.strip().splitlines()[-1:]}", hint="")
    (wheel,) = folder.glob("*.whl")
    return wheel
