"""What `gate doctor` says of the rights that workers give up."""

from collections.abc import Iterator

from gate.cli.doctor_lines import CheckLine, Mark
from gate.settings.model import Settings
from gate.wiring import FittedDevices
from gate.worker.confine import unenforced


def rights(_: Settings, __: FittedDevices) -> Iterator[CheckLine]:
    """A camera's worker keeps the files and calls that it needs, or more where this computer cannot take them."""
    missing = unenforced()
    if missing:
        advice = (
            "Install libseccomp2, and a kernel with Landlock (5.13 or later, `lsm=` names it); the gate runs without"
        )
        yield CheckLine("rights", Mark.WARN, f"a worker that is taken over keeps {'; '.join(missing)}", advice)
    else:
        yield CheckLine("rights", Mark.PASS, "workers give up files, sockets and programs that they do not need")
