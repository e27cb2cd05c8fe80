"""A control panel through the pure Python package osdp: another implementation than the one the driver uses.

    osdp_panel.py PORT ADDRESS [MASTER_KEY]

With a master key it opens the secure channel, else it speaks plainly.  It hears orders on standard input,
which wait for the channel, and answers each: `output NUMBER CODE TENTHS` with `done` or `refused`.  What the
module reports of its inputs it says: `inputs` and the numbers of those that are active.
"""

import os
import sys

import osdp


class Panel(osdp.ControlPanel):  # type: ignore[misc]  # it ships no types
    def on_input_status_report_reply_received(
        self,
        address: int,  # noqa: ARG002 - the library's signature
        input_status: osdp.InputStatus,
    ) -> None:
        say(" ".join(["inputs", *(str(number) for number, active in enumerate(input_status.statuses) if active)]))


def main() -> None:
    port, address, *keys = sys.argv[1:]
    module = int(address)
    panel = Panel(bytes.fromhex(keys[0]) if keys else None)
    panel._reply_timeout = 15.0  # seconds; an order waits for the secure channel
    bus = panel.start_connection(osdp.SerialPortOsdpConnection(port, 9600))
    panel.add_device(bus, module, True, bool(keys))
    for line in sys.stdin:
        match line.split():
            case ["output", *numbers]:
                output, code, tenths = map(int, numbers)
                order = osdp.OutputControl(output, osdp.OutputControlCode(code), tenths)
                say("done" if panel.output_control(bus, module, osdp.OutputControls([order])) else "refused")
    os._exit(0)  # its own thread polls for ever


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


main()
