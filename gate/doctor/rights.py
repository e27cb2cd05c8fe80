"""The doctor's check of the rights that workers drop."""

from collections.abc import Iterator

from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark
from gate.worker.confine import unenforced


def rights(_: ExaminedGate) -> Iterator[CheckLine]:
    """Check that a camera's worker keeps only the files and calls it needs, or report that this computer cannot
    restrict it."""
    missing = unenforced()
    if missing:
        advice = (
            "Install libseccomp2, and a kernel with Landlock (5.13 or later, `lsm=` names it); the gate runs without"
        )
        yield CheckLine("rights", Mark.WARN, f"a worker that is taken over keeps {'; '.join(missing)}", advice)
    else:
        yield CheckLine("rights", Mark.PASS, "workers give up files, sockets and programs that they do not need")
