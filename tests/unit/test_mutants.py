"""What `scripts/mutants` plants, and its list of mutants that no test can kill."""

from pathlib import Path

import pytest

from tests.mutants.equivalents import read_equivalents
from tests.mutants.making import MODULE_LEVEL, Source

ROOT = Path(__file__).parents[2]

MODULE = '''
"""Its own words."""

import os

Labels = dict[str, int]
MOST = 3


class Form:
    size: Annotated[int, Field(ge=0)]

    @property
    def room(self) -> int | None:
        log.info("asked")
        self.purge(os)
        first = self.rows[0]
        if self.closed:
            raise ValueError(f"closed {MOST}", "for good")
        return None if self.size > MOST else self.size
'''


def test_faults_are_planted_where_something_is_done_and_not_in_words_and_types(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE)
    source = Source(tmp_path, Path("module.py"))
    mutants = [source.mutant(number) for number in range(len(source))]
    planted = {(one.function, one.old, one.new) for one in mutants}
    last = "return None if self.size > MOST else self.size"
    assert planted == {
        (MODULE_LEVEL, "MOST = 3", "MOST = 4"),
        (MODULE_LEVEL, "MOST = 3", "MOST = None"),
        ("Form", "size: Annotated[int, Field(ge=0)]", "size: Annotated[int, Field(ge=1)]"),
        ("Form", "size: Annotated[int, Field(ge=0)]", "size: Annotated[int, Field(ge=None)]"),
        ("Form.room", "self.purge(os)", "pass"),
        ("Form.room", "self.purge(os)", "self.purge(None)"),
        ("Form.room", "first = self.rows[0]", "first = self.rows[1]"),
        ("Form.room", "first = self.rows[0]", "first = None"),
        ("Form.room", "if self.closed:", "if not (self.closed):"),
        ("Form.room", last, last.replace(">", ">=")),
        ("Form.room", last, last.replace("self.size > MOST", "(self.size > MOST) and False")),
        ("Form.room", last, last.replace("self.size > MOST", "(self.size > MOST) or True")),
    }
    for mutant in mutants:
        assert source.is_python(mutant)
        assert MODULE.splitlines()[mutant.line - 1].strip() in mutant.old


def test_the_list_of_mutants_that_none_can_kill_is_of_code_that_is_there() -> None:
    gone = [
        (file, old)
        for file, old, _ in read_equivalents()
        if not (ROOT / file).exists()
        or old not in " ".join(line.strip() for line in (ROOT / file).read_text().splitlines())
    ]
    assert gone == [], "take these entries out of tests/mutants/equivalents.txt"


@pytest.mark.parametrize(
    "entry", ["gate/a.py\n- a\n+ b\n", "gate/a.py\n- a\n+ b\n= \n", "gate/a.py\n+ b\n- a\n= why\n", "- a\n+ b\n= why\n"]
)
def test_a_mutant_is_not_excused_without_a_reason(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a comment\n\ngate/a.py\n- a\n+\n= why\n")
    assert read_equivalents(path) == {("gate/a.py", "a", ""): "why"}
    path.write_text(entry)
    with pytest.raises(ValueError, match=r"list\.txt: an entry has"):
        read_equivalents(path)
