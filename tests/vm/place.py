"""The venue of a virtual gate: its authority, its list on a medium, its configuration, and codes before its camera."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import segno

from gate.authority.authority import Authority
from gate.core.model import Listing, Status
from gate.passes.aq1_encode import credential_text

WIDTH, HEIGHT = 640, 480
GREY, WHITE, BLACK = 0x6A, 0xEB, 0x10  # luminance; chrominance is 0x80
RELAY, FIRE = 17, 22  # GPIO lines

# What a technician writes.  The deadlines are those of an emulated computer, twenty times slower than a Raspberry Pi.
CONFIG = f"""
[device]
id = "vm-1"

[venue]
id = "vm"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"
languages = ["kk", "ru", "en"]

[lane]
mode = "enforce"
hold = "1500ms"
reuse_after = "30m"

[list]
warn_after = "6h"
restrict_after = "24h"
refuse_after = "48h"

[sync]
mirrors = ["file:///share/public"]
every = "15m"
root = "root.json"

[[reader]]
driver = "camera"
device = "/dev/video0"
width = 640
height = 480
fps = 4.0
direction = "entry"
open_deadline = "60s"
frame_deadline = "60s"

[barrier]
driver = "gpio_relay"
line = {RELAY}
active = "high"
pulse = "1s"

[[input]]
driver = "gpio"
role = "fire"
line = {FIRE}
normally = "closed"
pull = "none"
closed = "low"

[kiosk]
listen = "127.0.0.1:8080"
"""

SLOW = """\
[Service]
TimeoutStartSec=600
WatchdogSec=120
TimeoutStopSec=120
"""
"""For an emulated computer, twenty times slower than a Raspberry Pi."""


class Place:
    """An authority in a folder, whose list names a few people: even places are green, odd ones are red."""

    def __init__(self, folder: Path, now: int) -> None:
        self._now = now
        self._authority = Authority.create(folder / "authority", at=now - 7200)
        self._authority.add_issuer("ashyq", at=now - 7200)
        self._authority.set_statuses({idx: Listing.RED if idx % 2 else Listing.GREEN for idx in range(1, 1000)})
        self._authority.publish(self._authority.public, now - 3600)

    @property
    def public(self) -> Path:
        """Return the folder that a mirror serves."""
        return self._authority.public

    @property
    def root(self) -> Path:
        return self._authority.path / "root.json"

    def issue(self, idx: int, status: Status = Status.GREEN) -> str:
        """Return the text of a pass issued an hour ago."""
        made = self._authority.issue("ashyq", idx, status, issued_at=self._now - 3600, lifetime=12 * 3600)
        return credential_text(made)

    def card(self) -> dict[str, bytes]:
        """Return the files that a technician puts on the card: one to write, and the authority's root."""
        root = self.root.read_bytes()
        own = f'{CONFIG}\n[provision]\nroot_sha256 = "{sha256(root).hexdigest()}"\n'
        return {"gate.toml": own.encode(), "root.json": root}

    def config_of_copy(self, state: Path) -> str:
        """Return a configuration for commands on a copy of the gate's state."""
        own = CONFIG.replace('id = "vm-1"', f'id = "vm-1"\nstate_dir = "{state}"')
        return own.replace('root = "root.json"', f'root = "{self.root}"')


def frame(text: str | None) -> bytes:
    """Return a camera's frame (640x480 YUYV) of a grey wall, with a code of the text held before it."""
    luminance = np.full((HEIGHT, WIDTH), GREY, np.uint8)
    if text is not None:
        modules = np.array([list(row) for row in segno.make(text, micro=False).matrix], np.uint8)
        bordered = np.pad(modules, 4)
        scale = min(9, (HEIGHT - 20) // len(bordered))
        code = np.where(bordered.repeat(scale, 0).repeat(scale, 1), BLACK, WHITE)
        top, left = (HEIGHT - len(code)) // 2, (WIDTH - len(code)) // 2
        luminance[top : top + len(code), left : left + len(code)] = code
    return np.stack([luminance, np.full_like(luminance, 0x80)], axis=2).tobytes()
