"""The places of an installed gate, below a root directory: `/` of a device, or that of an image."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DeviceLayout:
    """The paths of an installed gate.  Nothing here reads or writes."""

    root: Path = Path("/")

    @property
    def opt(self) -> Path:
        return self.root / "opt/gate"

    @property
    def releases(self) -> Path:
        """Return the folder of releases: one venv each, named by its version."""
        return self.opt / "releases"

    @property
    def current(self) -> Path:
        """Return the link to the release in use, relative: `releases/VERSION`."""
        return self.opt / "current"

    def release(self, version: str) -> Path:
        """Return the venv of a release."""
        return self.releases / version

    def release_on_device(self, version: str) -> Path:
        """Return the venv of a release as the device itself names it, for any root here: the path in its scripts."""
        return DeviceLayout().release(version)

    def unfinished(self, version: str) -> Path:
        """Return the folder in which a release is made, before one rename gives it its name."""
        return self.releases / f".{version}.unfinished"

    @property
    def proven(self) -> Path:
        """Return the link to the release that has held its trial: `current`, but while another one is on trial."""
        return self.opt / "proven"

    @property
    def switching(self) -> Path:
        """Return the file that records a trial; there as long as one is not ended."""
        return self.opt / "switching"

    @property
    def tried(self) -> Path:
        """Return the file that records how the trials of releases ended."""
        return self.opt / "releases.json"

    @property
    def switch_lock(self) -> Path:
        """Return the lock of the one process that changes releases."""
        return self.opt / "switch.lock"

    @property
    def command(self) -> Path:
        """Return the command that units call: a link to `../current/bin/gate`."""
        return self.opt / "bin/gate"

    @property
    def path_command(self) -> Path:
        """Return the command that people type: a link to `command`."""
        return self.root / "usr/local/bin/gate"

    @property
    def laid(self) -> Path:
        """Return the record of the system's files that were laid outside of the release: a JSON list."""
        return self.opt / "system-files.json"

    @property
    def etc(self) -> Path:
        """Return the folder of the configuration; root's to write, group `gate` may read."""
        return self.root / "etc/gate"

    @property
    def config(self) -> Path:
        return self.etc / "gate.toml"

    @property
    def lanes(self) -> Path:
        """Return the folder of the configurations of further lanes, one NAME.toml for each gate@NAME.service."""
        return self.etc / "lanes"

    @property
    def root_json(self) -> Path:
        """Return the authority's root of trust."""
        return self.etc / "root.json"

    @property
    def provisioned(self) -> Path:
        """Return the record of the file on the card that was applied last; root's alone."""
        return self.etc / "provisioned.json"

    @property
    def credstores(self) -> tuple[Path, Path]:
        """Return the folders where systemd looks for credentials; the gate's are named `gate.*`."""
        return self.root / "etc/credstore", self.root / "etc/credstore.encrypted"

    @property
    def set_up_page(self) -> Path:
        """Return the page that a screen may show while no lane serves one: what came of the file on the card."""
        return self.root / "run/gate-provision/page.html"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/gate"

    @property
    def run(self) -> Path:
        """Return the folder of sockets; empty after a boot."""
        return self.root / "run/gate"

    @property
    def units(self) -> Path:
        """Return the folder of the administrator's units, with the links that enable one."""
        return self.root / "etc/systemd/system"
