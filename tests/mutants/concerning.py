"""Which test modules concern a package: those that import from it, themselves or by another module of tests."""

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

EVERYBODYS = frozenset({"gate.core.model", "gate.core.reason"})  # who imports only these tries something else


def concerns(root: Path, module: Path, packages: Collection[str]) -> bool:
    """`packages`: dotted, of the gate."""
    return any(
        name.startswith(f"{package}.") and not any(name.startswith(each) for each in EVERYBODYS)
        for name in _imported(root, module, set())
        for package in packages
    )


def names(root: Path, module: Path, file: Path) -> bool:
    """Whether the test module itself imports this file of the gate, or from it."""
    dotted = ".".join(file.with_suffix("").parts)
    return any(name == dotted or name.startswith(f"{dotted}.") for name in _own_imports(root / module))


def package_of(file: Path) -> str:
    """gate/core/lane/state.py: gate.core."""
    return ".".join(file.with_suffix("").parts[:2])


def _imported(root: Path, module: Path, known: set[Path]) -> Iterator[str]:
    known.add(module)
    for name in _own_imports(module):
        yield name
        yield from _through(root, name, known)
        yield from _through(root, name.rpartition(".")[0], known)


@cache
def _own_imports(module: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Import):
            found += (one.name for one in node.names)
    return tuple(found)


def _through(root: Path, name: str, known: set[Path]) -> Iterator[str]:
    file = (root / name.replace(".", "/")).with_suffix(".py")
    if name.startswith("tests.") and file not in known and file.exists():
        yield from _imported(root, file, known)
