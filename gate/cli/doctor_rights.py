"""What `gate doctor` says of the rights that workers give up."""

from collections.abc import Iterator

from gate.cli.doctor_lines import Line, State
from gate.settings.model import Settings
from gate.wiring import Devices
from gate.worker.confine import unenforced


def rights(_: Settings, __: Devices) -> Iterator[Line]:
    """A camera's worker keeps the files and calls that it needs, or more where this computer cannot take them."""
    missing = unenforced()
    if missing:
        advice = (
            "Install libseccomp2, and a kernel with Landlock (5.13 or later, `lsm=` names it); the gate runs without"
        )
        yield Line("rights", State.WARN, f"a worker that is taken over keeps {'; '.join(missing)}", advice)
    else:
        yield Line("rights", State.PASS, "workers give up files, sockets and programs that they do not need")
