"""Plant faults in a module's source, in memory.

The operators are mutmut's; two of our own drop a call whose result nobody takes, and negate a condition.
mutmut's own runner mutates neither properties nor class bodies, where the bounds of our forms are.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

Operator = Callable[[Any], Iterable[cst.CSTNode]]

MODULE_LEVEL = ""
"""Where a fault is that runs when the module is imported."""

# Wording is for people to judge, and what the type checker and the linters see needs no test.
_SKIPPED = (cst.Decorator, cst.Import, cst.ImportFrom, cst.Raise, cst.Assert)
_SKIPPED_CALLS = frozenset({"isinstance", "cast", "Log"})


@dataclass(frozen=True, slots=True)
class Mutant:
    file: Path  # relative to the project's root
    line: int
    function: str  # qualified name of the function around it, or MODULE_LEVEL
    old: str  # the lines that differ, without indentation
    new: str
    code: str = ""  # the whole module

    @property
    def name(self) -> tuple[str, str, str]:
        """What stays when lines move."""
        return str(self.file), self.old, self.new


@dataclass(frozen=True, slots=True)
class _Place:
    node: cst.CSTNode
    function: str


class Source:
    """One module, and the faults that can be planted in it."""

    def __init__(self, root: Path, file: Path) -> None:
        self.file = file
        self._wrapper = MetadataWrapper(cst.parse_module((root / file).read_text()))
        self._lines = self._wrapper.module.code.splitlines()
        self._faults = [
            (place, fault)
            for place in _places(self._wrapper.module, MODULE_LEVEL, quiet=False)
            for fault in _faults(place.node)
        ]

    def __len__(self) -> int:
        return len(self._faults)

    def mutant(self, number: int) -> Mutant:
        place, fault = self._faults[number]
        changed = self._wrapper.module.deep_replace(place.node, fault)
        assert isinstance(changed, cst.Module)
        old, new = _difference(self._lines, changed.code.splitlines())
        line = self._wrapper.resolve(PositionProvider)[place.node].start.line
        return Mutant(self.file, line, place.function, old, new, changed.code)

    def is_python(self, mutant: Mutant) -> bool:
        """Whether the fault is one that can be made: an argument by position after one by name cannot."""
        try:
            compile(mutant.code, self.file, "exec", dont_inherit=True)
        except SyntaxError:
            return False
        return True


def _places(node: cst.CSTNode, function: str, *, quiet: bool) -> Iterator[_Place]:
    """The nodes that may be mutated.  `quiet`: in a type, in which only calls (`Field(ge=0)`) do something."""
    call = node.value if isinstance(node, cst.Expr) else node
    if isinstance(node, _SKIPPED) or (isinstance(call, cst.Call) and _is_skipped(call)):
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        function = f"{function}.{node.name.value}".lstrip(".")
    is_alias = function == MODULE_LEVEL and isinstance(node, cst.Assign) and _is_alias(node)
    if is_alias or isinstance(node, cst.Annotation):
        quiet = True
    elif isinstance(node, cst.Call):
        quiet = False
    if not quiet:
        yield _Place(node, function)
    for child in node.children:
        yield from _places(child, function, quiet=quiet)


def _is_skipped(call: cst.Call) -> bool:
    if isinstance(call.func, cst.Name):
        return call.func.value in _SKIPPED_CALLS
    return (
        isinstance(call.func, cst.Attribute)
        and isinstance(call.func.value, cst.Name)
        and call.func.value.value == "log"
    )


def _is_alias(node: cst.Assign) -> bool:
    """Whether it names a type: `Labels = dict[Any, Any]`, `Effect = Release | Secure`."""
    value = node.value
    return isinstance(value, cst.Subscript) or (
        isinstance(value, cst.BinaryOperation)
        and isinstance(value.operator, cst.BitOr)
        and isinstance(value.right, cst.Name)
        and value.right.value[:1].isupper()
    )


def _faults(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in (*mutation_operators, *_OWN):
        if isinstance(node, kind):
            faults = operator(node)
            # Of a string one fault is enough: what follows turns capitals into small letters and back.
            yield from list(faults)[:1] if operator is operator_string else faults


def _without_call(node: cst.Expr) -> Iterator[cst.CSTNode]:
    value = node.value.expression if isinstance(node.value, cst.Await) else node.value
    if isinstance(value, cst.Call):
        yield cst.Pass()


def _negated(node: cst.If) -> Iterator[cst.CSTNode]:
    if isinstance(node.test, cst.Name | cst.Attribute | cst.Call | cst.NamedExpr):
        test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(
            test=cst.UnaryOperation(cst.Not(), test), whitespace_before_test=cst.SimpleWhitespace(" ")
        )


_OWN: tuple[tuple[type[cst.CSTNode], Operator], ...] = ((cst.Expr, _without_call), (cst.If, _negated))


def _difference(before: list[str], after: list[str]) -> tuple[str, str]:
    """The lines that differ, without what they have in common at both ends."""
    first = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    return _joined(before[first : len(before) - last]), _joined(after[first : len(after) - last])


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines).strip()
