"""Rules about the tree itself, so that a review need not look for them."""

import ast
import importlib
import io
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gate.core.language import LANGUAGES
from gate.core.reason import Reason
from gate.ports.driver import DriverSpec
from gate.texts.catalogue import reason_words
from tests.unit.guides import Guide, guides

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HARDWARE_LIBRARIES = {"cv2", "pyzbar", "zxingcpp", "serial", "gpiozero", "gpiod", "lgpio"}
pytestmark = pytest.mark.xdist_group("architecture")  # the tree is parsed once

DRIVER_KINDS = ("readers", "barriers", "inputs", "feedback")
BUILT = {"__pycache__", "build", "dist"}


def project_files() -> Iterator[Path]:
    """Every file of the project; of the hidden folders (.git, .venv, caches) only .ci."""
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if name == ".ci" or not (name.startswith(".") or name in BUILT)]
        # Not pipes or sockets, nor the file that leads a worktree to its repository.
        yield from (path for name in files if name != ".git" and (path := Path(folder, name)).is_file())


FILES = sorted(project_files())
SOURCES = [path for path in FILES if path.suffix == ".py"]


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in SOURCES}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts() -> Iterator[tuple[Path, str]]:
    for path in FILES:
        try:
            yield path, path.read_text()
        except UnicodeDecodeError:
            continue  # a picture: no text to look at


def test_no_file_is_over_400_lines() -> None:
    code = {".py", ".sql", ".js", ".css", ".html", ".toml", ""}
    long = {
        shown(path): text.count("\n")
        for path, text in texts()
        if path.suffix in code and path.name not in ("LICENSE", "gate.toml") and text.count("\n") > 400
    }
    assert long == {}


def test_no_function_is_over_60_lines() -> None:
    long = {
        f"{shown(path)}:{node.lineno} {node.name}": lines
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    }
    assert long == {}


def test_package_markers_say_what_belongs_into_the_folder_and_do_nothing() -> None:
    code = {shown(path): tree.body[bool(ast.get_docstring(tree)) :] for path, tree in trees().items()}
    assert [where for where, body in code.items() if body and where.endswith("__init__.py")] == []


def test_each_public_class_has_a_name_of_its_own() -> None:
    """So that a search for a name finds one thing, whatever room it is in."""
    places: dict[str, list[str]] = {}
    for path, tree in trees().items():
        if shown(path).startswith(("gate/", "drivers/", "scripts/")):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places.setdefault(node.name, []).append(shown(path))
    assert len(places) > 200
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_module_is_named_for_nothing_in_particular() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc)(_|$)")
    parts = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert [part for part in sorted(parts) if vague.search(part)] == []


def test_the_top_level_holds_what_the_design_names() -> None:
    pages = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"}
    named = pages | {"pyproject.toml", "gate", "drivers", "config", "systemd", "tests", "scripts"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - BUILT
    assert found == named


@pytest.mark.parametrize("kind", DRIVER_KINDS)
def test_every_driver_is_registered_under_its_own_name(kind: str) -> None:
    registered = {
        target.removesuffix(":DRIVER"): name
        for name, target in PYPROJECT["project"]["entry-points"][f"gate.{kind}"].items()
    }
    offered = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path, tree in trees().items()
        if path.parent == ROOT / "drivers" / kind and "DRIVER" in module_names(tree)
    }
    assert offered == set(registered)
    drivers = {module: importlib.import_module(module).DRIVER for module in registered}
    assert all(isinstance(driver, DriverSpec) for driver in drivers.values())
    assert {module: driver.name for module, driver in drivers.items()} == registered


def module_names(tree: ast.Module) -> set[str]:
    """Names that a module assigns at its top."""
    plain = {target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
    typed = {node.target for node in tree.body if isinstance(node, ast.AnnAssign)}
    return {target.id for target in plain | typed if isinstance(target, ast.Name)}


def test_every_other_entry_point_leads_somewhere() -> None:
    project: dict[str, Any] = PYPROJECT["project"]
    named = {kind: dict(project["entry-points"][f"gate.{kind}"]) for kind in ("decoders", "examiners", "finders")}
    assert all(named.values())
    assert {f"gate.{kind}" for kind in (*DRIVER_KINDS, *named)} == set(project["entry-points"])
    for target in [*(target for group in named.values() for target in group.values()), *project["scripts"].values()]:
        module, _, name = target.partition(":")
        assert callable(getattr(importlib.import_module(module), name)), target


def test_no_file_names_a_package_index() -> None:
    # Written apart, so that this file does not name them either.
    index = re.compile(r"pypi\.(?=org)|python(?=hosted)|registry\.(?=npmjs)|deb\.(?=debian\.org)|piwheels\.(?=org)")
    assert [shown(path) for path, text in texts() if index.search(text)] == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    folder = re.compile(r"(?<![\w.$}/])/(?:work|root|home/[a-z])(?:/|\b)")
    assert [shown(path) for path, text in texts() if folder.search(text)] == []


def test_every_line_of_the_log_goes_through_one_set_up() -> None:
    """`gate.logs`; the page's process hands what its libraries log to the lane."""
    own = {"gate/logs.py", "gate/kiosk/page_process.py"}
    loggers = {"logging", "structlog", "loguru"}
    others = [
        shown(path)
        for path, tree in trees().items()
        if shown(path).startswith(("gate/", "drivers/")) and shown(path) not in own
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and loggers & {name.name for name in node.names})
        or (isinstance(node, ast.ImportFrom) and node.module in loggers)
        or (shown(path).startswith("drivers/") and isinstance(node, ast.Name) and node.id in ("print", "Log"))
    ]
    assert others == []


def test_every_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?!classifiers)\w+ = \[\n(.*?)^\]", text[: text.index("\n[project.scripts]")], re.M | re.S)
    lines = [line for block in lists for line in block.splitlines()]
    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r'  "[^"]+",\s+# .+', line)] == []


def test_the_core_needs_no_hardware_library() -> None:
    program = """
import importlib, pkgutil, sys, gate
for module in pkgutil.walk_packages(gate.__path__, "gate."):
    if module.name != "gate.__main__":
        importlib.import_module(module.name)
print(*sorted(sys.modules), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"gate", "sqlite3"} <= loaded
    assert loaded & (HARDWARE_LIBRARIES | {"drivers"}) == set()


def test_arrows_between_packages_point_down() -> None:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore)(:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w, -]+\])?(.*)")


def unexplained(text: str) -> Iterator[str]:
    """Comments that silence a linter without naming what, or without a reason in words beside it."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for found in SUPPRESSION.finditer(token.string):
            if not found[1] or not re.search(r"[a-z]{3}", found[2]):
                yield f"{token.start[0]}: {token.string}"


def test_every_silenced_warning_has_its_reason_beside_it() -> None:
    assert [f"{shown(path)}:{line}" for path in SOURCES for line in unexplained(path.read_text())] == []


def test_a_silenced_warning_without_a_reason_is_found() -> None:
    hush = "# no" + "qa"  # apart, or this file would be found too
    assert list(unexplained(f"x = 1  {hush}: S105 - not a password\n")) == []
    assert len(list(unexplained(f"x = 1  {hush}\ny = 2  {hush}: S105\nz = 3  # type: " + "ignore[misc]\n"))) == 3


def test_nothing_swallows_every_exception() -> None:
    def is_broad(node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in ("Exception", "BaseException")

    assert [
        f"{shown(path)}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suppress"
        if any(map(is_broad, node.args))
    ] == []


def test_every_skipped_test_says_why() -> None:
    def silent(node: ast.AST) -> bool:
        """`@pytest.mark.skip`, or `pytest.skip()` and its kin called without a reason."""
        skipping = {"skip", "skipif", "xfail", "importorskip"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in skipping:
            said = [*(word.value for word in node.keywords if word.arg == "reason"), *node.args[:1]]
            return not any(isinstance(value, ast.Constant | ast.JoinedStr) for value in said)
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        return any(isinstance(mark, ast.Attribute) and mark.attr in skipping for mark in decorators)

    tests = {path: tree for path, tree in trees().items() if ROOT / "tests" in path.parents}
    assert [
        f"{shown(path)}:{getattr(node, 'lineno', 0)}"
        for path, tree in tests.items()
        for node in ast.walk(tree)
        if silent(node)
    ] == []


def test_no_module_of_tests_imports_another() -> None:
    """What two of them share is a rig or a builder in a file of its own."""
    imported = {
        f"{shown(path)}: {name}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        for name in modules_imported(node)
        if re.search(r"(^|\.)(test_\w+|conftest)$", name)
    }
    assert imported == set()


def modules_imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def test_the_guide_explains_every_reason_and_no_other() -> None:
    guide = (ROOT / "config" / "README.md").read_text()
    table = guide[guide.index("\n## Reasons\n") :]
    rows = re.findall(r"^\| `(\w+)` \|", table[: table.index("\n## ", 1)], re.MULTILINE)
    assert sorted(rows) == sorted(Reason)


def test_every_reason_has_words_in_every_language() -> None:
    assert LANGUAGES == ("kk", "ru", "en")
    for language in LANGUAGES:
        for reason in Reason:
            words = reason_words(reason, language)
            assert words.headline.strip(), (reason, language)
            assert words.advice.strip(), (reason, language)


def test_a_lane_carries_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    """Not at its first start either, which makes lane.db.  NumPy alone is 13 MB: it reads lists for sync, and
    pictures in processes of their own.  The page's server is a process of its own too."""
    heavy = "numpy", "cv2", "sqlite_utils", "tuf", "cryptography", "starlette", "uvicorn", "prometheus_client"
    begin = "from gate.store.database import File, open_for_writing; open_for_writing(File.LANE, Path(sys.argv[1]))"
    show = f"print(*sorted(sys.modules.keys() & set({heavy})))"
    program = f"import sys, gate.cli.run, gate.wiring\nfrom pathlib import Path\n{begin}\n{show}"
    said = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


@pytest.mark.parametrize("path", guides(), ids=shown)
def test_what_a_guide_names_is_there(path: Path) -> None:
    guide = Guide(path, path.read_text())
    assert [*guide.links(), *guide.paths(), *guide.modules(), *guide.classes()] == []
