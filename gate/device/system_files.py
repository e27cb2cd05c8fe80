"""Which shipped files a device needs outside of its release, and where they go.

Another unit, rule or page is one more row here.  Only the standard library is imported: the installer runs before
there is a release.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SystemFile:
    """A file that comes with the program (`gate.device.shipped`), and its path below the root.  A source that is a
    folder means every file in it."""

    source: str
    destination: str


UNITS = "usr/lib/systemd/system"  # folder below the root

SYSTEM_FILES = (
    SystemFile("systemd/gate.service", f"{UNITS}/gate.service"),
    SystemFile("systemd/gate@.service", f"{UNITS}/gate@.service"),
    SystemFile("systemd/gate-sync.service", f"{UNITS}/gate-sync.service"),
    SystemFile("systemd/gate-desk.service", f"{UNITS}/gate-desk.service"),
    SystemFile("systemd/gate-report.service", f"{UNITS}/gate-report.service"),
    SystemFile("systemd/gate-report.timer", f"{UNITS}/gate-report.timer"),
    SystemFile("systemd/gate-kiosk.service", f"{UNITS}/gate-kiosk.service"),
    SystemFile("systemd/gate-provision.service", f"{UNITS}/gate-provision.service"),
    SystemFile("systemd/gate-release.service", f"{UNITS}/gate-release.service"),
    SystemFile("systemd/gate.sysusers", "usr/lib/sysusers.d/gate.conf"),
    SystemFile("systemd/gate.tmpfiles", "usr/lib/tmpfiles.d/gate.conf"),
    SystemFile("systemd/gate.modules", "usr/lib/modules-load.d/gate.conf"),
    SystemFile("systemd/70-gate.rules", "usr/lib/udev/rules.d/70-gate.rules"),
    SystemFile("systemd/gate.journald", "usr/lib/systemd/journald.conf.d/gate.conf"),
    SystemFile("systemd/gate.chrony", "usr/share/doc/ashyq-gate/chrony.conf"),  # a site chooses its servers
    SystemFile("config/completions/gate.bash", "usr/share/bash-completion/completions/gate"),
    SystemFile("config/completions/_gate", "usr/share/zsh/vendor-completions/_gate"),
    SystemFile("config/completions/gate.fish", "usr/share/fish/vendor_completions.d/gate.fish"),
    SystemFile("man", "usr/share/man/man1"),  # made by scripts/bundle from the commands; a checkout has none
)

ENABLED_UNITS = (
    "gate.service",
    "gate-sync.service",
    "gate-desk.service",
    "gate-report.timer",
    "gate-kiosk.service",  # passed over where there is no cage: `--with kiosk`
    "gate-provision.service",
    "gate-release.service",
)
"""Units that an installation enables."""

SERVICES = ("gate.service", "gate@*.service", "gate-sync.service", "gate-desk.service")
"""Services that run a release as long as the device is up: restarted with it, and watched while one is on trial."""

USERS = ("gate-kiosk", "gate-desk", "gate-sync", "gate")
GROUPS = ("gate-staff", *USERS)
"""Users and groups that gate.sysusers makes and a purge removes; those of devices stay, for they are the system's."""

KEPT_FOLDERS = ("etc/gate", "var/lib/gate", "var/lib/gate-desk")
"""Configuration and state, below the root: what only a purge removes."""

_OWN_UNITS = tuple(file.destination.rpartition("/")[2] for file in SYSTEM_FILES if file.destination.startswith(UNITS))
PURGED = (
    *KEPT_FOLDERS,
    "etc/credstore/gate.*",
    "etc/credstore.encrypted/gate.*",
    *(f"etc/systemd/system/{name.replace('@.', '@*.')}.d" for name in _OWN_UNITS),  # an administrator's changes
    *(f"var/lib/systemd/timers/stamp-{name}" for name in _OWN_UNITS if name.endswith(".timer")),
)
"""Patterns of paths below the root, for the shell and for pathlib: all that a purge removes."""
