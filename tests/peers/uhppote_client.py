"""A client of UHPPOTE boards through the package uhppoted.

    uhppote_client.py ADDRESS:PORT SERIAL DOOR

It hears orders on standard input and says what the board answers: `status`, `get`, `set MODE DELAY`, `open`.
"""

import sys

from uhppoted import uhppote


def main() -> None:
    address, serial, door = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    client, board = uhppote.Uhppote(bind="127.0.0.1"), (serial, address, "udp")
    for line in sys.stdin:
        match line.split():
            case ["status"]:
                status = client.get_status(board)
                is_open = [status.door_1_open, status.door_2_open, status.door_3_open, status.door_4_open][door - 1]
                say("status", status.relays, is_open)
            case ["get"]:
                setting = client.get_door_control(board, door)
                say("get", setting.mode, setting.delay)
            case ["set", mode, delay]:
                setting = client.set_door_control(board, door, int(mode), int(delay))
                say("set", setting.mode, setting.delay)
            case ["open"]:
                say("open", client.open_door(board, door).opened)


def say(*words: object) -> None:
    sys.stdout.write(f"{' '.join(map(str, words))}\n")


main()
