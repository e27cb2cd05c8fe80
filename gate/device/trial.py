"""A gate to try: an authority, its list, a configuration with a folder of pictures and a simulated turnstile, and the
passes of two people, all in one folder.
"""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gate.authority.authority import Authority
from gate.authority.wallet import Wallet
from gate.core.model import Listing, Status
from gate.device.setup.fill import fill_in
from gate.device.templates import venue_file
from gate.errors import UsageError
from gate.store.places import Places
from gate.sync.sync import ListSource, sync

ISSUER = "ashyq"
PEOPLE = 30  # places of the list, green but for that of RED
GREEN, RED = 7, 8  # places of the two passes
_HOUR = 3600
_STALE_AFTER = 3600.0  # seconds, of a list that is made now
_NOBODY = (640, 480)  # pixels: a picture without a code, as a folder without pictures is a fault


@dataclass(frozen=True, slots=True)
class TrialGate:
    """What was made, and the commands to go on with."""

    folder: Path
    page: str  # address of the visitor's page
    turnstile: str
    lane: str
    green: str
    red: str

    @property
    def commands(self) -> tuple[str, str, str]:
        """Return the next three commands, each for a terminal of its own."""
        return self.turnstile, self.lane, self.green


def make_trial(folder: Path, venue: str, port: int, now: int) -> TrialGate:
    """Make a trial in a folder that is new or empty.  `port`: of the visitor's page; `now`: Unix s.  Raises UsageError,
    and GateError as the authority does."""
    folder = folder.absolute()
    _check_free(folder)
    authority = _authority(folder / "authority", now)
    passes = {name: _wallet(authority, folder / f"{name}.wallet", place, now) for name, place in _PASSES.items()}
    pictures, turnstile, config = folder / "pictures", folder / "turnstile", folder / "gate.toml"
    pictures.mkdir()
    Image.new("L", _NOBODY, 90).save(pictures / "nobody.png")
    config.write_text(_configuration(folder, venue, port, authority), encoding="utf-8")
    root = authority.path / "root.json"
    sync(ListSource((authority.public.as_uri(),), root, Places.of(folder / "state"), _STALE_AFTER), now)
    return TrialGate(
        folder,
        f"http://127.0.0.1:{port}/",
        _command("lane-sim", "--link", turnstile),
        _command("run", "--config", config),
        *(
            _command("authority", "present", wallet, "--follow", "--png", pictures / "pass.png")
            for wallet in passes.values()
        ),
    )


_PASSES = {"green": GREEN, "red": RED}


def _check_free(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}", hint="Name a new folder") from error
    if taken:
        raise UsageError(f"{folder} is not empty", hint="Name a new folder")


def _authority(folder: Path, now: int) -> Authority:
    authority = Authority.create(folder, at=now - _HOUR)
    authority.add_issuer(ISSUER, at=now - _HOUR, names={"kk": "Ashyq", "ru": "Ashyq", "en": "Ashyq"})
    authority.set_statuses({place: Listing.RED if place == RED else Listing.GREEN for place in range(PEOPLE)})
    authority.publish(authority.public, now)
    return authority


def _wallet(authority: Authority, file: Path, place: int, now: int) -> Path:
    """Make the phone of a person, with a pass that is bound to it: good at every kind of venue."""
    wallet, status = Wallet.create(), Status.RED if place == RED else Status.GREEN
    wallet.hold(authority.issue(ISSUER, place, status, now, holder=wallet.holder_public))
    wallet.save(file)
    return file


def _configuration(folder: Path, venue: str, port: int, authority: Authority) -> str:
    name = f"trial-{venue}"
    answers = {
        "device": {"id": name, "state_dir": "state"},
        "venue": {"id": name, "zone": "almaty"},
        "sync": {
            "mirrors": [authority.public.as_uri()],
            "root": "authority/root.json",
        },
        "reader": [{"driver": "camera", "device": str(folder / "pictures"), "direction": "entry"}],
        "barrier": {"driver": "serial_frames", "profile": "digicon-tx1500", "port": str(folder / "turnstile")},
        "kiosk": {"listen": f"127.0.0.1:{port}"},
    }
    title = f"# Made by `gate try` from the starting file of kind {venue}: a folder of pictures, a simulated turnstile."
    return fill_in(venue_file(venue), title, answers, without=("input", "feedback"))


def _command(*words: object) -> str:
    """Return a command line of this very program, to paste into a shell."""
    return shlex.join([*_program(), *map(str, words)])


def _program() -> list[str]:
    found, own = shutil.which("gate"), Path(sys.executable).with_name("gate")
    if found and own.exists() and Path(found).samefile(own):
        return ["gate"]
    return [str(own)] if own.exists() else [sys.executable, "-m", "gate"]
