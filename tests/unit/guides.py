"""What the guides (every *.md of the project) name: files, modules, commands, options, tables of the configuration."""

import importlib.util
import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from gate.cli.main import gate as gate_command

ROOT = Path(__file__).resolve().parents[2]
TOP = ("gate", "drivers", "tests", "scripts", "config", "systemd", ".ci", ".readme")
NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, TOP))})/[\w./*{{}},-]*[\w/*}}]")
MODULE = re.compile(r"(?<![\w./-])(?:gate|drivers|tests)(?:\.[a-z_]\w*)+(?:\.[A-Z]\w*)?(?![\w/-])")
NO_MODULES = re.compile(  # what has a dot and is none: files, units, groups of entry points, credentials
    r"gate\.(?:toml|conf|service|socket|sysusers|tmpfiles|modules|journald|chrony|sources|lists|readers|barriers|inputs|feedback|decoders|"
    r"examiners|finders|camera|osdp|proxy)"
)
EXAMPLES = {  # files that a reader of a guide makes
    "drivers/barriers/rly02.py",
    "drivers.barriers.rly02",
    "drivers/barriers/profiles/my-board.toml",
}
NO_CLASSES = {"Wrong", "WatchdogSec", "ExecStopPost"}  # a column of a bench, settings of systemd
START = re.compile(r"(?:^|[|&;]\s*)(?:sudo (?:-u \S+ )?)?(?:\.venv/bin/|/opt/gate/bin/)?(gate [a-z].*)", re.MULTILINE)


def guides() -> list[Path]:
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if not (name.startswith(".") or name in NOT_OURS)]
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Guide:
    path: Path
    text: str

    @property
    def code(self) -> list[str]:
        """Spans and blocks of code, without the language of a block; a span may go on in the next line."""
        return self._code(lambda _: True)

    @property
    def words(self) -> list[str]:
        """The same without Python and TOML, where names of other things have dots too."""
        return self._code(lambda language: language not in ("python", "toml"))

    def _code(self, wanted: Callable[[str], bool]) -> list[str]:
        blocks = (found[3] for found in FENCE.finditer(self.text) if wanted(found[2]))
        return [*blocks, *(" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", self.text)))]

    def links(self) -> Iterator[str]:
        """Targets of links within the project that do not exist: files, and headings in them."""
        for target in LINK.findall(FENCE.sub("", self.text)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, heading = target.partition("#")
            path = self.path.parent / file if file else self.path
            if not path.exists() or (heading and heading not in headings(path.read_text())):
                yield target

    def paths(self) -> Iterator[str]:
        """Files and folders, named from the root of the project, that do not exist; braces and stars as in a shell."""
        for code in self.code:
            for name in PATH.findall(code):
                if name not in EXAMPLES and not all(any(ROOT.glob(one.rstrip("/"))) for one in expanded(name)):
                    yield name

    def modules(self) -> Iterator[str]:
        """Modules, and names in them, that do not exist."""
        for code in self.words:
            found = (name for name in MODULE.findall(code) if name not in EXAMPLES and not NO_MODULES.fullmatch(name))
            yield from (name for name in found if not is_there(name))

    def classes(self) -> Iterator[str]:
        """Classes, and methods of some class, that do not exist: `Lane.present`, `Refused(...)`."""
        for span in self.words:
            found = re.fullmatch(r"([A-Z][a-z][A-Za-z]*)(?:\.(\w+))?(?:\(.*\))?", span)
            if not found or found[1] in NO_CLASSES:
                continue
            known = re.search(rf"^(?:class )?{found[1]}\b", sources(), re.MULTILINE)
            if not known or (found[2] and not re.search(rf"def {found[2]}\b", sources())):
                yield span

    def commands(self) -> Iterator[str]:
        """What is wrong with each call of `gate`: no such command, no such option."""
        for code in self.code:
            for call in START.findall(code.replace("\\\n", " ")):
                if problem := wrong(call):
                    yield f"{call}: {problem}"


@cache
def sources() -> str:
    return "".join(path.read_text() for folder in ("gate", "drivers") for path in (ROOT / folder).rglob("*.py"))


def headings(text: str) -> set[str]:
    """The names by which its headings are linked to."""
    found = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def expanded(name: str) -> list[str]:
    braces = re.search(r"\{([^{}]*)\}", name)
    if not braces:
        return [name]
    return [
        one for arm in braces[1].split(",") for one in expanded(name[: braces.start()] + arm + name[braces.end() :])
    ]


def is_there(name: str) -> bool:
    """Whether `name` is a module, or is assigned or defined in one."""
    for cut in range(name.count(".") + 1):
        module, *inner = name.rsplit(".", cut)
        path = ROOT / module.replace(".", "/")
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return not inner or bool(
                    re.search(rf"^(?:class |def |async def )?{inner[0]}\b", file.read_text(), re.MULTILINE)
                )
        if path.is_dir() and not inner:
            return importlib.util.find_spec(module) is not None
    return False


def wrong(call: str) -> str:
    """Why `gate …` cannot be called as written; "" if it can."""
    words = shlex.split(call.rstrip(";|&"), comments=True)[1:]
    command: click.Command = gate_command
    context = click.Context(gate_command)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if words[0] == "…":
            return ""
        if inner is None:
            return f"no command {words[0]!r}"
        command = inner
        words = words[1:]
    options = {"--help", *(name for one in command.params for name in (*one.opts, *one.secondary_opts))}
    for word in words:
        if word in ("|", "&&", ";", ">", "<"):
            break
        if word.startswith("-") and word != "-" and word.partition("=")[0] not in options:
            return f"no option {word!r}"
    return ""


def all_options() -> set[str]:
    """Every option of every command of `gate`."""
    found: set[str] = {"--help"}

    def walk(command: click.Command) -> None:
        found.update(name for one in command.params for name in (*one.opts, *one.secondary_opts))
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                walk(inner)

    walk(gate_command)
    return found
