"""The scripts that set up and start the project, run as a stranger would run them.

They work here on a small project of the same shape: real pip, a real .venv, real checksums, but packages that
the test makes itself, so nothing is downloaded and the .venv of this checkout is left alone.
"""

import hashlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tests.system.bundle_rig import write_wheel

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "scripts" / "constraints.txt"
SHELL_SCRIPTS = [ROOT / ".ci" / "run", *(ROOT / "scripts" / name for name in ("setup", "demo", "test"))]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("scripts")]


BUILD_BACKEND = f"""
import zipfile
from pathlib import Path

{inspect.getsource(write_wheel)}

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return write_wheel(Path(wheel_directory), "ashyq_gate", {{"ashyq_gate.pth": str(Path.cwd())}}).name
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "build_backend"
backend-path = ["."]
[project]
name = "ashyq-gate"
version = "1.0"
"""
SAY_ARGUMENTS = "import json, os, sys; print(json.dumps([os.getcwd(), *sys.argv[1:]]))"
PACKAGES = {
    "build": {"builder": {"builder.py": ""}},
    "run": {
        "opencv_python_headless": {"cv2.py": ""},
        "zxing_cpp": {"zxingcpp.py": ""},
        "pyzbar": {"pyzbar/__init__.py": "", "pyzbar/pyzbar.py": ""},
    },
    "dev": {"pytest": {"pytest.py": SAY_ARGUMENTS}, "libosdp": {"osdp.py": "ours = True"}},
    "peers": {"osdp": {"osdp.py": "ours = False"}},
}


@dataclass
class Checkout:
    root: Path
    wheels: Path

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Runs a script from an unrelated folder, with no terminal, no home and the smallest PATH."""
        elsewhere = self.root.parent / "else where"
        elsewhere.mkdir(exist_ok=True)
        (elsewhere / "gate.py").write_text("raise SystemExit('a file of the current folder was run')")
        base = {
            "HOME": "",
            "PATH": "/usr/bin:/bin",
            "PYTHON": str(getattr(sys, "_base_executable", sys.executable)),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "TMPDIR": str(elsewhere),
        }
        return subprocess.Popen(
            [self.root / "scripts" / script, *arguments],
            cwd=elsewhere,
            env=base | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, *arguments: str, **environment: str) -> tuple[int, str, list[str]]:
        """Exit code, standard output, lines of standard error."""
        running = self.start(script, *arguments, **environment)
        out, err = running.communicate()
        return running.returncode, out, err.splitlines()

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text()
        assert old in text
        (self.root / file).write_text(text.replace(old, new, 1))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "my gate", tmp_path / "wheels")
    made.wheels.mkdir()
    (made.root / "scripts").mkdir(parents=True)
    (made.root / "gate").mkdir()
    for name in ("setup", "demo", "test"):
        shutil.copy(ROOT / "scripts" / name, made.root / "scripts" / name)
    (made.root / "pyproject.toml").write_text(PYPROJECT)
    (made.root / "build_backend.py").write_text(BUILD_BACKEND)
    (made.root / "gate" / "__main__.py").write_text(SAY_ARGUMENTS)
    lines = []
    for section, packages in PACKAGES.items():
        lines.append(f"# section: {section}")
        for name, files in packages.items():
            digest = hashlib.sha256(write_wheel(made.wheels, name, files).read_bytes()).hexdigest()
            lines.append(f"{name}==1.0 \\\n    --hash=sha256:{digest}")
    (made.root / "scripts" / "constraints.txt").write_text("\n".join(lines) + "\n")
    return made


def said(*sections: str) -> list[str]:
    """What the set-up says of these sections: a line each."""
    about = {
        "build": "to build with",
        "run": "of the gate",
        "hid": "of keyboard scanners",
        "osdp": "of OSDP",
        "dev": "of tests and linters",
        "peers": "that drivers are tested against",
    }
    counts = {name: len(PACKAGES[name]) for name in sections if name in PACKAGES}
    lines = [f"setup: installing Python packages {about[name]}: {count}" for name, count in counts.items()]
    return [*lines, "setup: ready"]


@pytest.mark.endurance
def test_the_first_run_installs_and_the_next_adds_what_is_new_or_moved(checkout: Checkout) -> None:
    elsewhere = str(checkout.root.parent / "else where")
    code, out, err = checkout.run("demo", "--people", "20", "a b")
    assert (code, json.loads(out)) == (0, [elsewhere, "demo", "--people", "20", "a b"]), err
    assert err[-1] == "setup: ready"
    assert checkout.run("demo", "--json") == (0, json.dumps([elsewhere, "demo", "--json"]) + "\n", [])
    assert sorted(path.name for path in Path(elsewhere).iterdir()) == ["gate.py"], "a log was left behind"

    # The tests need more than the demo, and what they have is enough for it; a new line in pyproject.toml is noticed.
    code, out, err = checkout.run("test", "tests/unit", "-k", "a b")
    assert (code, err) == (0, said("build", "run", "hid", "osdp", "dev", "peers"))
    assert json.loads(out)[0] == str(checkout.root)
    assert json.loads(out)[-3:] == ["tests/unit", "-k", "a b"]
    assert checkout.run("demo")[2] == []
    for venv, ours in ((".venv", True), (".venv/peers", False)):  # a name that two packages share is one in each
        subprocess.run(
            [checkout.root / venv / "bin" / "python", "-Ic", f"import osdp; assert osdp.ours is {ours}"], check=True
        )
    checkout.edit("pyproject.toml", 'version = "1.0"', 'version = "1.0"  # another line')
    assert checkout.run("demo")[2] == said("build", "run")

    # Scripts of a .venv name the folder that it was made in.
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    code, _, err = checkout.run("demo")
    assert code == 0, err
    assert err[0].startswith("setup: making .venv")


@pytest.mark.endurance
def test_a_refused_package_leaves_nothing_and_two_at_once_then_make_one_venv(checkout: Checkout) -> None:
    good = checkout.wheels / "pyzbar-1.0-py3-none-any.whl"
    kept = good.read_bytes()
    write_wheel(checkout.wheels, "pyzbar", {"pyzbar/__init__.py": "", "pyzbar/pyzbar.py": "# not the same"})
    code, out, err = checkout.run("demo")
    assert (code, out) == (1, "")
    assert "a package's checksum is not the one in scripts/constraints.txt" in err[-1]
    assert not (checkout.root / ".venv").exists()
    good.write_bytes(kept)
    both = [checkout.start("demo"), checkout.start("demo")]
    said = [running.communicate()[1].splitlines() for running in both]
    assert [running.returncode for running in both] == [0, 0], said
    assert sum("setup: making .venv" in "\n".join(lines) for lines in said) == 1, said


def test_what_was_cut_short_is_made_again(checkout: Checkout) -> None:
    venv = checkout.root / ".venv"
    venv.mkdir()
    (venv / "setup-unfinished").touch()
    (venv / "half-a-fi").touch()
    code, _, err = checkout.run("demo")
    assert code == 0, err
    assert err[0].startswith("setup: making .venv with Python 3.")
    assert not (venv / "half-a-fi").exists()


def test_a_wrong_python_is_refused_in_one_line(checkout: Checkout, tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho 3.9\n")
    old.chmod(0o755)
    said = [f"setup: PYTHON={old} is not Python 3.11, 3.12 or 3.13: name one that is"]
    assert checkout.run("demo", PYTHON=str(old)) == (1, "", said)


def test_a_missing_library_is_named_where_there_is_no_apt(checkout: Checkout, tmp_path: Path) -> None:
    checkout.edit("scripts/setup", "libzbar.so.0 libzbar0\n", "libzbar.so.0 libzbar0\nlibnothing.so.9 libnothing9\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for tool in Path(folder).iterdir():
            if not tool.name.startswith("apt") and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    said = "setup: missing: libnothing.so.9. There is no apt-get here: install them with this system's own tool"
    code, out, err = checkout.run("demo", PATH=str(tools))
    assert (code, out, len(err)) == (1, "", 1), err
    assert err[0].startswith(said)


def pins(python: str, machine: str, *, peers: bool = False) -> dict[str, str]:
    """Name -> version of what scripts/constraints.txt installs there, in .venv or for its peers.  Every entry has
    its version and checksums."""
    environment: dict[str, str] = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": python,
        "python_full_version": f"{python}.1",
        "platform_machine": machine,
        "sys_platform": "linux",
    }
    found: dict[str, str] = {}
    lines = CONSTRAINTS.read_text().split("# section: peers\n")[peers]
    for entry in re.findall(r"^[a-z0-9].*(?:\n +--hash.*)+", lines, re.M):
        wanted, *hashes = (line.rstrip(" \\") for line in entry.splitlines())
        assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}", line) for line in hashes), entry
        requirement = Requirement(wanted)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (version,) = requirement.specifier
            assert version.operator == "=="
            # `build` and `run` may hold one package, in one version: a release is made without the former.
            pinned = found.setdefault(requirement.name, version.version)
            assert pinned == version.version, f"{requirement.name} twice for {environment}"
    return found


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_constraints_fit_the_project(python: str, machine: str) -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, peers = table["project"], table["dependency-groups"]["peers"]
    for wanted, pinned in (
        ([*project["dependencies"], *project["optional-dependencies"]["dev"]], pins(python, machine)),
        (peers, pins(python, machine, peers=True)),
    ):
        needs = [Requirement(line) for line in wanted]
        misfits = [str(need) for need in needs if pinned.get(need.name, "missing") not in need.specifier]
        assert misfits == [], "run scripts/update-constraints"


def test_every_line_of_the_constraints_is_known() -> None:
    known = re.compile(r"# (section: \w+|Made by .*)|[a-z0-9-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in CONSTRAINTS.read_text().splitlines() if not known.fullmatch(line)] == []


def test_the_shell_scripts_are_clean() -> None:
    done = subprocess.run(["shellcheck", *SHELL_SCRIPTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
