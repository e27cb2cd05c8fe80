"""A client of ZKTeco panels through the package zkaccess-c3.

    zk_client.py ADDRESS PORT

It hears orders on standard input: `hold DOOR SECONDS`, and says `doors N` at the start, `held` for each.
"""

import os
import sys

from c3 import C3, consts, controldevice


def main() -> None:
    panel = C3(sys.argv[1], int(sys.argv[2]))
    if not panel.connect():
        sys.exit("the panel does not connect")
    say(f"doors {panel.nr_of_locks}")
    for line in sys.stdin:
        match line.split():
            case ["hold", door, seconds]:
                output = consts.ControlOutputAddress.DOOR_OUTPUT
                panel.control_device(controldevice.ControlDeviceOutput(int(door), output, int(seconds)))
                say("held")
    panel.disconnect()
    os._exit(0)  # it keeps timers of its own


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


main()
