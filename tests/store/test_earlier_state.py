"""A state directory that earlier code made: `data/earlier_state`, by the store of commit ea1d829.

It holds two people who were let in, a refusal, a use shown again, one person whom staff let in, two checkpoints, and
the stop: the files were closed.  Its key is of no device.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.cli.journal import journal
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.store.admission import Admission, Presented
from gate.testing.builders import NOW, claims
from tests.commands.inside import invoke
from tests.store.opening import opened

FILES = Path(__file__).parent / "data" / "earlier_state"
# As the earlier code printed it when it signed the journal before two more rows, and at its stop.
FIRST = "5:bca3d0c54056518004b8e88a68720c2b21c6820ee891acf55bac7836af9c65af"
LAST = "7:a0266c9701243f2624a4af5e15f0ec5840038199c994026da70c1fd7528e77ae"
SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A copy, with the rights that git does not keep."""
    for file in FILES.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
        (tmp_path / file.name).chmod(0o600)
    return tmp_path


@pytest.fixture
def admission(state: Path) -> Iterator[Admission]:
    with opened(state) as admission:
        yield admission


def verified(state: Path, *options: str) -> dict[str, object]:
    shown = invoke(journal, ["verify", "--state-dir", state, "--json", *options])
    assert shown.exit_code == 0, shown.output
    answer: dict[str, object] = json.loads(shown.stdout)
    return answer


@pytest.mark.parametrize("checkpoint", [FIRST, LAST])
def test_a_journal_of_earlier_code_is_whole(state: Path, checkpoint: str) -> None:
    answer = verified(state, "--checkpoint", checkpoint)
    assert answer == {"ok": True, "rows": 7, "checkpoints": 2, "end": LAST, "first": 1, "lost": []}


def test_uses_of_earlier_code_count_after_the_lane_has_opened_its_files(state: Path, admission: Admission) -> None:
    assert admission.close_interrupted(NOW + 90) == 1  # the person whom staff let in: nothing was written of a passage
    again = admission.admit(claims(8, token=b"token-08"), SHOWN, NOW + 100)
    assert again.decision.reason is Reason.ALREADY_USED
    another = admission.admit(claims(7, token=b"token-02"), SHOWN, NOW + 110)
    assert another.decision.reason is Reason.TOO_SOON
    later = admission.admit(claims(7, token=b"token-01"), SHOWN, NOW + 700)
    assert later.decision.reason is Reason.ADMITTED
    admission.sign_journal("gate-1", NOW + 710)
    answer = verified(state, "--checkpoint", LAST)
    assert (answer["rows"], answer["checkpoints"], answer["lost"]) == (11, 3, [])
