"""Which tests run which function of the gate, and how long each takes: by coverage, with a context for each test.

Kept in a file between runs, a part for each test module, which is made again when that module is changed.  It
goes by functions, not lines, so that the code under test may change meanwhile.
"""

import ast
import hashlib
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import coverage
import pytest

from tests.mutants.concerning import concerns, names
from tests.mutants.making import MODULE_LEVEL
from tests.mutants.running import OPTIONS, in_child

LIMIT = 600.0  # seconds for one test module, on a busy machine
FOLDERS = ("tests/unit", "tests/store")  # the others take minutes for what these should notice
_DONE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
LEFT_OUT = ("tests/unit/decoders", "tests/unit/test_architecture.py")


class _Recorder:
    """A pytest plugin."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self._setup = 0.0
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "setup":
            self._setup = report.duration
        if report.when == "call" and report.passed:
            self.seconds[report.nodeid] = self._setup + report.duration


@dataclass(slots=True)
class Tests:
    """By file of the gate: by function: the tests that run it."""

    root: Path
    seconds: dict[str, float] = field(default_factory=dict)
    of: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _breadth: Counter[str] = field(default_factory=Counter)  # functions that a test runs

    def add(self, part: dict[str, Any]) -> None:
        """`part`: of one test module, as `_mapped` gives it."""
        self.seconds |= part["seconds"]
        for file, functions in part["of"].items():
            for function, running in functions.items():
                self.of.setdefault(file, {}).setdefault(function, []).extend(running)
                self._breadth.update(running)

    def running(self, file: Path, function: str, most: float) -> list[str]:
        """Those that run this function, up to `most` seconds of them: first those that run little else.

        Outside of functions it is those that run anything of the module.  A module that has none is words and
        forms for others: then it is the tests of modules that import it, and those of its neighbours, first those that
        run most."""
        by_function = self.of.get(str(file), {})
        if function in by_function:
            found = set(by_function[function])
        else:
            neighbours = [of for other, of in self.of.items() if Path(other).parent == file.parent]
            near = [by_function] if by_function else neighbours
            found = {test for of in near for tests in of.values() for test in tests}
        named = set() if by_function else self._naming(file)
        chosen: list[str] = []
        left = most
        sign = 1 if by_function else -1
        order = sorted(found - named, key=lambda test: (sign * self._breadth[test], self.seconds[test], test))
        for test in (*sorted(named, key=lambda test: (self.seconds[test], test)), *order):
            left -= self.seconds[test]
            if chosen and left < 0:
                break
            chosen.append(test)
        return chosen

    def _naming(self, file: Path) -> set[str]:
        modules = {test.partition("::")[0] for test in self.seconds}
        naming = {module for module in modules if names(self.root, Path(module), file)}
        return {test for test in self.seconds if test.partition("::")[0] in naming}


def map_tests(root: Path, kept: Path, packages: Collection[str], folders: Sequence[str], *, again: bool) -> Tests:
    """The tests of FOLDERS, and of these, that concern the packages.  Of test modules that have not changed it is
    read from `kept`."""
    parts: dict[str, Any] = {} if again or not kept.exists() else json.loads(kept.read_text())
    modules = {str(path.relative_to(root)): _digest(path) for path in _modules(root, packages, folders)}
    stale = sorted(name for name, digest in modules.items() if parts.get(name, {}).get("digest") != digest)
    with click.progressbar(stale, label="mapping", item_show_func=str) as missing:
        for name in missing:
            parts[name] = _mapped(root, name, kept) | {"digest": modules[name]}
            kept.write_text(json.dumps(parts))
    tests = Tests(root)
    for name in modules:
        tests.add(parts[name])
    return tests


def _modules(root: Path, packages: Collection[str], folders: Sequence[str]) -> Iterator[Path]:
    for folder in (*FOLDERS, *folders):
        for path in (root / folder).rglob("test_*.py"):
            if not str(path.relative_to(root)).startswith(LEFT_OUT) and concerns(root, path, packages):
                yield path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _mapped(root: Path, module: str, kept: Path) -> dict[str, Any]:
    answer = kept.with_suffix(".part")
    answer.unlink(missing_ok=True)

    def work() -> int:
        measured = coverage.Coverage(data_file=None, source=[str(root / "gate")], config_file=False, messages=False)
        recorder = _Recorder(measured)
        measured.start()
        code = pytest.main([*OPTIONS, module], plugins=[recorder])
        measured.stop()
        answer.write_text(json.dumps({"seconds": recorder.seconds, "of": _functions(root, measured, recorder.seconds)}))
        return int(code)

    code = in_child(work, LIMIT)
    if code not in _DONE:
        raise click.ClickException(f"{module}: its tests could not be run (pytest ended with {code}): run them alone")
    return dict(json.loads(answer.read_text()))


def _functions(root: Path, measured: coverage.Coverage, tests: dict[str, float]) -> dict[str, dict[str, list[str]]]:
    data = measured.get_data()
    found: dict[str, dict[str, list[str]]] = {}
    for file in data.measured_files():
        names = _Names(Path(file))
        functions: dict[str, set[str]] = {}
        for line, contexts in data.contexts_by_lineno(file).items():
            functions.setdefault(names.at(line), set()).update(contexts)
        functions.pop(MODULE_LEVEL, None)
        ran = {function: sorted(contexts & tests.keys()) for function, contexts in functions.items()}
        found[str(Path(file).relative_to(root))] = {function: names_ for function, names_ in ran.items() if names_}
    return found


class _Names:
    """The functions of a module by line."""

    def __init__(self, file: Path) -> None:
        self._starts: list[tuple[int, int, str]] = []  # first line, last line, qualified name
        self._add(ast.parse(file.read_text()).body, "")
        self._starts.sort()

    def at(self, line: int) -> str:
        """The innermost function around it; MODULE_LEVEL where there is none."""
        for first, last, name in reversed(self._starts[: bisect_right(self._starts, (line, 1 << 30, ""))]):
            if first <= line <= last:
                return name
        return MODULE_LEVEL

    def _add(self, body: Sequence[ast.stmt], within: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{within}.{node.name}".lstrip(".")
                if not isinstance(node, ast.ClassDef):
                    self._starts.append((node.body[0].lineno, node.end_lineno or node.lineno, name))
                self._add(node.body, name)
