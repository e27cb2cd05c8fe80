"""The list of mutants that a person judged: no test can fail with them, for they change nothing that matters."""

from pathlib import Path

LIST = Path(__file__).with_name("equivalents.txt")

Name = tuple[str, str, str]  # Mutant.name


def read_equivalents(path: Path = LIST) -> dict[Name, str]:
    """The reasons.  An entry has four lines: the file, `- ` what is there, `+ ` what it becomes, `= ` why."""
    found: dict[Name, str] = {}
    for block in path.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        if len(lines) != 4 or [line[:1] for line in lines[1:]] != ["-", "+", "="] or not lines[3][1:].strip():
            raise ValueError(f"{path.name}: an entry has a file, `- `, `+ ` and `= ` with a reason: {lines[0]}")
        old, new, why = (line[1:].strip() for line in lines[1:])
        found[lines[0], old, new] = why
    return found
