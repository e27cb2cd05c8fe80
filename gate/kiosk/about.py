"""The constants of a running gate, as its page needs them."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from gate.core.lane.modes import Mode
from gate.texts.catalogue import Texts, texts_in


@dataclass(frozen=True, slots=True)
class ScreenPlace:
    """Where the screen stands, and what it may do there."""

    camera: str = ""  # above, below, left or right of the screen; "": it is not pointed to
    go: str = ""  # left, right or ahead, where a person goes who is let in; "": no arrow
    side: str = "entry"  # entry, exit: the people whom the screen faces
    voice: str = "off"  # off, sounds, speech
    quiet: tuple[str, str] | None = None  # "22:00", "07:00": silent and dim, by the venue's time


@dataclass(frozen=True, slots=True)
class HelpLine:
    """Whom to turn to where no staff stand at the door."""

    phone: str = ""
    texts: tuple[str, ...] = ()  # of the venue, in the order of its languages; "" where it has none

    @property
    def exists(self) -> bool:
        return bool(self.phone or any(self.texts))


@dataclass(frozen=True, slots=True)
class About:
    """The constants of a running gate."""

    device_id: str
    venue_id: str
    category: str
    languages: tuple[str, ...]  # of gate.core.language.LANGUAGES; the first is the largest
    mode: Mode
    simulated: tuple[str, ...] = ()  # "barrier: fake": drivers that move nothing real
    wording: str = ""  # folder of a venue's own texts and logo
    timezone: str = "UTC"  # IANA name of the venue's
    lanes: int = 1  # of the venue, this one included
    help: HelpLine = HelpLine()
    screen: ScreenPlace = ScreenPlace()

    @property
    def zone(self) -> ZoneInfo:
        """The venue's time zone; its file is read once."""
        return ZoneInfo(self.timezone)

    def texts(self, language: str) -> Texts:
        """Return a language's texts.  Raises ConfigError for a venue's own texts that cannot be used."""
        return texts_in(language, Path(self.wording) if self.wording else None)
