"""Which test modules concern a package: those that import from it, themselves or by another module of tests."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

EVERYBODYS = frozenset({"gate.core.model", "gate.core.reason"})  # who imports only these tries something else


def concerns(root: Path, module: Path, packages: Collection[str]) -> bool:
    """`packages`: dotted, of the gate."""
    return any(
        name.startswith(f"{package}.") and not any(name.startswith(each) for each in EVERYBODYS)
        for name in _imported(root, module, set())
        for package in packages
    )


def package_of(file: Path) -> str:
    """gate/core/lane/state.py: gate.core."""
    return ".".join(file.with_suffix("").parts[:2])


def _imported(root: Path, module: Path, known: set[Path]) -> Iterator[str]:
    known.add(module)
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (f"{node.module}.{one.name}" for one in node.names):
                yield name
                yield from _through(root, name, known)
                yield from _through(root, node.module, known)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


def _through(root: Path, name: str, known: set[Path]) -> Iterator[str]:
    file = (root / name.replace(".", "/")).with_suffix(".py")
    if name.startswith("tests.") and file not in known and file.exists():
        yield from _imported(root, file, known)
