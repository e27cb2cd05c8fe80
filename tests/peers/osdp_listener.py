"""Reads along between a panel and a module with the pure Python package osdp, and finds fault with any byte.

    osdp_listener.py ADDRESS KEY

Standard input has the frames in their order, one a line: `> HEX` from the panel, `< HEX` from the module.
Every frame of the panel is built anew by the other implementation, inside the secure channel too, and must
be the same to the last byte; every answer must bear the right check sum and the right code (MAC).  It says
what each was.  Exit 1 at the first that is wrong.
"""

import copy
import sys
from typing import Any

import osdp

PLAIN, CHALLENGE, CRYPTOGRAM, ENCRYPTED = 0x00, 0x11, 0x13, 0x17
HEADER, MAC_AND_CRC = 5, 6
SAYS_NOTHING = {
    0x60: osdp.PollCommand,
    0x61: osdp.IdReportCommand,
    0x62: osdp.DeviceCapabilitiesCommand,
    0x64: osdp.LocalStatusReportCommand,
    0x65: osdp.InputStatusReportCommand,
}


class Challenge(osdp.SecurityInitializationRequestCommand):  # type: ignore[misc]  # it ships no types
    def security_control_block(self) -> bytes:
        return bytes([3, CHALLENGE, 1])  # 1: with the module's own key, not the default one


class Cryptogram(osdp.ServerCryptogramCommand):  # type: ignore[misc]  # nor here
    def security_control_block(self) -> bytes:
        return bytes([3, CRYPTOGRAM, 1])


class Listener:
    def __init__(self, address: int, key: bytes) -> None:
        self._address, self._key = address, key
        self._last: Any = None
        self._begin()

    def _begin(self) -> None:
        self._device = osdp.Device(self._address, True, True)
        self._channel = self._device._secure_channel
        self._channel.calculate_scbk = lambda: self._key

    def panel(self, frame: bytes) -> str:
        control, code = frame[4], frame[HEADER]
        if control & 3 == 0:
            self._begin()
        kind = PLAIN
        if control & 8:
            kind, code = frame[HEADER + 1], frame[HEADER + frame[HEADER]]
        self._device.message_control = osdp.Control(control & 3, bool(control & 4), bool(control & 8))
        self._last, name = self._command(kind, code, frame)
        built = self._last.build_command(self._device)
        if built != frame:
            raise ValueError(f"{name}: heard {frame.hex(' ')}, another implementation says {built.hex(' ')}")
        return name

    def module(self, frame: bytes) -> str:
        reply = osdp.Reply.parse(frame, None, self._last, self._device)
        if not reply.is_valid_reply or frame[4] & 3 != self._device.message_control.sequence:
            raise ValueError(f"{reply}: address, check sum or sequence is wrong in {frame.hex(' ')}")
        if reply.is_secure_message:
            code = self._device.generate_mac(reply.message_for_mac_generation, False)
            if not reply.is_valid_mac(code):
                raise ValueError(f"{reply}: heard the code {reply.mac.hex(' ')} instead of {code[:4].hex(' ')}")
        if reply.type is osdp.ReplyType.CrypticData:
            self._device.initialize_secure_channel(reply)  # raises when the module does not know the key
        elif reply.type is osdp.ReplyType.InitialRMac and not self._device.validate_secure_channel_establishment(reply):
            raise ValueError("the module does not accept the panel's cryptogram")
        return str(reply.type.name)

    def _command(self, kind: int, code: int, frame: bytes) -> tuple[Any, str]:
        """As the other implementation has it."""
        if kind == CHALLENGE:
            self._channel.server_random_number = frame[-10:-2]
            return Challenge(self._address, frame[-10:-2]), "Challenge"
        if kind == CRYPTOGRAM:
            return Cryptogram(self._address, self._channel.server_cryptogram), "Cryptogram"
        if code in SAYS_NOTHING:
            command = SAYS_NOTHING[code](self._address)
            return command, type(command).__name__.removesuffix("Command")
        if code == 0x68 and kind == ENCRYPTED:
            number, control, low, high = self._decrypted(frame[HEADER + 3 : -MAC_AND_CRC])
            tenths = low | high << 8
            order = osdp.OutputControl(number, osdp.OutputControlCode(control), tenths)
            command = osdp.OutputControlCommand(self._address, osdp.OutputControls([order]))
            return command, f"OutputControl {number} {control} {tenths}"
        raise ValueError(f"not known here: {frame.hex(' ')}")

    def _decrypted(self, data: bytes) -> bytes:
        """As the module sees it: the library decrypts answers only, which begin from the other MAC."""
        turned = copy.copy(self._channel)
        turned._cmac = self._channel._rmac
        return bytes(turned.decrypt_data(data))


def main() -> None:
    listener = Listener(int(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    for line in sys.stdin:
        hear = listener.panel if line[0] == ">" else listener.module
        sys.stdout.write(f"{line[0]} {hear(bytes.fromhex(line[1:]))}\n")


main()
