"""Small bundles, made by the real scripts with no network: the project's own wheel, and packages of this environment
packed again as wheels."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gate.device.bundle import open_bundle, write_bundle

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
NEEDED = ("click", "installer")  # by `gate --version`, and by the installer itself


def wheel_of(name: str, folder: Path) -> Path:
    """Pack an installed package as a wheel."""
    found = importlib.metadata.distribution(name)
    info = f"{name}-{found.version}.dist-info"
    files = {str(file): file.locate() for file in found.files or [] if file.parts[0] in (name, info)}
    path = folder / f"{name}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, source in sorted(files.items()):
            if "__pycache__" not in inner and not inner.endswith((".exe", "INSTALLER", "REQUESTED")):
                archive.writestr(inner, Path(str(source)).read_bytes())
    return path


def tiny_wheel(name: str, version: str, folder: Path) -> Path:
    """Make a wheel with one empty module."""
    return write_wheel(folder, name, {f"{name}.py": ""}, version)


def write_wheel(folder: Path, name: str, files: dict[str, str], version: str = "1.0") -> Path:
    """Write a wheel of these files.  Uses nothing of this module: its source also goes into a build backend."""
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(file, text)
    return path


@dataclass
class Workshop:
    """A folder in which bundles are made."""

    folder: Path

    def __post_init__(self) -> None:
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        sections = {
            "run": [wheel_of(name, self.wheels) for name in NEEDED],
            "modbus": [tiny_wheel("pymodbus", "1.0", self.wheels)],
            "hid": [tiny_wheel("evdev", "1.0", self.wheels)],
        }
        self.pins = self.folder / "pins.txt"
        self.pins.write_text("".join(self._section(name, wheels) for name, wheels in sections.items()))

    def _section(self, name: str, wheels: list[Path]) -> str:
        lines = [f"# section: {name}"]
        for wheel in wheels:
            package, version = wheel.name.split("-")[:2]
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            lines += [f"{package}=={version} \\", f"    --hash=sha256:{digest}"]
        return "\n".join(lines) + "\n"

    def bundle(self, name: str, *options: str, architecture: str = ARCHITECTURE, python: str = PYTHON) -> Path:
        """Make a bundle by scripts/bundle."""
        output = self.folder / name
        words = ["--arch", architecture, "--python", python, "--output", output, "--constraints", self.pins]
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(
            [sys.executable, SCRIPTS / "bundling", *map(str, words), "--without-debian", *options],
            env={**os.environ, **offline},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return output


def remade(bundle: Path, path: Path, **changes: object) -> Path:
    """Write a bundle again with other values in its manifest, as if it had been made so."""
    with open_bundle(bundle) as opened:
        head = {**asdict(opened.manifest), **changes}
        members = {name: opened.read(name) for name in head.pop("files")}
    write_bundle(path, members, head, 0)
    return path


def install(*words: str | Path, program: tuple[str | Path, ...] = ()) -> tuple[int, list[str]]:
    """Run scripts/install with the system's smallest environment; return its exit code and lines on stderr."""
    done = subprocess.run(
        [*program, sys.executable, SCRIPTS / "install", *words],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


def tree(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return path -> mode, time of the last change, content or target, of everything below a folder."""

    def entries() -> Iterator[tuple[str, tuple[int, int, str]]]:
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            content = "" if path.is_dir() and not path.is_symlink() else digest(path)
            moment = 0 if path.is_dir() else status.st_mtime_ns
            yield str(path.relative_to(folder)), (status.st_mode, moment, content)

    return dict(entries())


def digest(path: Path) -> str:
    return str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
