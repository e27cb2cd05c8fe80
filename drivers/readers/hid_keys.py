"""Codes from the keys of a scanner that types.  Pure: the input is the kernel's key events.

Linux key codes (input-event-codes.h) of the US layout.  Scanners are delivered in many modes: characters typed with
SHIFT, with CAPS LOCK, or as ALT and the decimal number of the character on the keypad; a code ended by ENTER, the
keypad's ENTER, TAB, arrow down, or a control character (Ctrl-M, Ctrl-J).
"""

from drivers.readers.scanner_parser import FRAMING, LONGEST, STALE, ScanLoss

UP, DOWN = 0, 1  # values of a key event; 2 is a repetition

_SHIFTS, _CONTROLS, _ALTS, _CAPS_LOCK = frozenset({42, 54}), frozenset({29, 97}), frozenset({56, 100}), 58
_NUM_LOCK = 69
_MODIFIERS = _SHIFTS | _CONTROLS | _ALTS
_ENDS = frozenset({28, 96, 15, 108})
"""ENTER, the keypad's, TAB, arrow down."""

_CONTROL_ENDS = frozenset({50, 36, 23, 46, 32})
"""With Ctrl: M (CR), J (LF), I (TAB), C (ETX), D (EOT).  Others, such as B (STX), are ignored."""

_MOST_CONTROLS = 4
"""Valid keys while Ctrl is held once; more, and Ctrl is stuck: nothing it types is a code."""

_CHARACTER_ENDS = frozenset({3, 4, 9, 10, 13})
"""The same as numbers typed with ALT."""

_ROWS = {
    2: ("1234567890-=", "!@#$%^&*()_+"),
    16: ("qwertyuiop[]", "QWERTYUIOP{}"),
    30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
    43: ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
    57: (" ", " "),
}
_DIGITS = dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True))
_KEYPAD = {55: "*", 74: "-", 78: "+", 83: ".", 98: "/"} | _DIGITS
KEYS: dict[int, tuple[str, str]] = {
    first + place: pair
    for first, (plain, shifted) in _ROWS.items()
    for place, pair in enumerate(zip(plain, shifted, strict=True))
} | {code: (sign, sign) for code, sign in _KEYPAD.items()}


class Typing:
    """Parser of key events.  `losses`: dropped input, for the caller to take."""

    def __init__(self, silence: float | None = None) -> None:
        """Start empty.  `silence`: seconds without a key that end a code; None: a key does."""
        self._silence = silence
        self._held: set[int] = set()  # SHIFT, Ctrl, ALT
        self._controls = 0  # keys since Ctrl went down
        self._caps = False
        self._number = ""  # typed on the keypad while ALT is held
        self._typed: list[str] = []
        self._at = 0.0
        self._broken = False  # keys were dropped: the input until the end is no code
        self.losses: list[ScanLoss] = []

    def key(self, code: int, value: int, at: float) -> str | None:
        """Take one key going down, up or repeating; return a code when it completes one.  `at`: monotonic seconds."""
        if code in _MODIFIERS:
            return self._modify(code, value, at)
        if value != DOWN:
            return None
        before = self.quiet(at)
        self._at = at
        return self._press(code) or before

    def _press(self, code: int) -> str | None:
        if code == _CAPS_LOCK:
            self._caps = not self._caps
        elif self._held & _CONTROLS:
            return self._control(code)
        elif self._held & _ALTS and code in _DIGITS:
            self._number = (self._number + _DIGITS[code])[-6:]
        elif code in _ENDS:
            return self._end()
        elif code in KEYS:
            plain, shifted = KEYS[code]
            capital = bool(self._held & _SHIFTS) != (self._caps and plain.isalpha())
            self._add(shifted if capital else plain)
        elif code != _NUM_LOCK:
            self.losses.append(ScanLoss.KEYS)
        return None

    def _control(self, code: int) -> str | None:
        self._controls += 1
        if self._controls == _MOST_CONTROLS + 1:
            self.losses.append(ScanLoss.KEYS)
        return self._end() if code in _CONTROL_ENDS else None

    def quiet(self, at: float) -> str | None:
        """Take the passing of time: silence ends a code, or drops one that has no end.  Call it periodically."""
        if self._silence is not None and at - self._at > self._silence:
            return self._end()
        if at - self._at > STALE:
            if self._typed:
                self.losses.append(ScanLoss.UNENDED)
            self._typed.clear()
            self._broken = False
        return None

    def lost(self) -> None:
        """Note that the kernel has dropped keys."""
        self._held.clear()
        self._number = ""
        self._broken = True
        self.losses.append(ScanLoss.KERNEL)

    def _modify(self, code: int, value: int, at: float) -> str | None:
        if value == UP:
            self._held.discard(code)
        else:
            self._held.add(code)
        if code in _CONTROLS and value in (UP, DOWN):
            self._controls = 0
        if code not in _ALTS or value != UP or not self._number:
            return None
        number, self._number = int(self._number), ""
        self._at = at
        if number in _CHARACTER_ENDS:
            return self._end()
        if 0x20 <= number <= 0xFF and number != 0x7F:
            self._add(chr(number))
        elif number not in tuple(FRAMING):
            self.losses.append(ScanLoss.KEYS)
            self._broken = True  # without this character the text is another
        return None

    def _add(self, sign: str) -> None:
        if len(self._typed) <= LONGEST:
            self._typed.append(sign)

    def _end(self) -> str | None:
        text, self._typed = "".join(self._typed), []
        whole, self._broken = not self._broken, False
        if len(text) > LONGEST:
            self.losses.append(ScanLoss.OVERLONG)
            return None
        return text if whole and text else None
