"""Configuration files that tests change by a line."""

from pathlib import Path

from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.model import Settings

SAMPLE = """\
[device]
id = "ala-t2-07"
state_dir = "/var/lib/gate"

[venue]
id = "ala-t2"
category = "airport"
zone = "almaty"
timezone = "Asia/Almaty"
languages = ["kk", "ru", "en"]

[lane]
mode = "enforce"
hold = "5s"
passage_timeout = "8s"
reuse_after = "10m"

[list]
warn_after = "6h"
restrict_after = "24h"
refuse_after = "48h"
unlisted = "refuse"

[passes]
presentation_window = "30s"
binding = "optional"

[sync]
mirrors = ["https://a.example.kz/gate", "https://b.example.kz/gate", "file:///media/usb"]
every = "15m"
root = "root.json"

[[reader]]
driver = "camera"
device = "/dev/v4l/by-id/usb-camera"
direction = "entry"

[barrier]
driver = "gpio_relay"
line = 17
active = "high"
pulse = "500ms"

[[input]]
driver = "gpio"
role = "fire"
line = 22
normally = "closed"

[staff]
iin_check = false

[kiosk]
listen = "127.0.0.1:8080"
"""

LEAST = """\
[device]
id = "a"
[venue]
id = "b"
category = "cafe"
zone = "almaty"
timezone = "Asia/Almaty"
[[reader]]
driver = "camera"
device = "/dev/v4l/by-id/usb-camera"
"""


def load(folder: Path, text: str) -> Settings:
    file = folder / "gate.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, config_of)
