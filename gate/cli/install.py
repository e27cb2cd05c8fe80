"""`gate install`: lay what the system needs around an environment that pip, pipx or uv made; install a bundle."""

import sys
from pathlib import Path

import click

from gate.cli.root_option import root_option
from gate.device.bundle import EXTRAS, open_bundle
from gate.device.install.command import hand_over
from gate.device.install.own_venv import install_own, lay_own_files
from gate.device.install.progress import Progress
from gate.device.install.remove import uninstall
from gate.device.layout import DeviceLayout
from gate.errors import UsageError


@click.command()
@click.option(
    "--from",
    "bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Install this bundle beside what is there, and switch to it.",
)
@click.option("--with", "extras", metavar="LIST", help=f"What else is attached: {','.join(EXTRAS)}.")
@root_option
@click.option("--uninstall", "remove", is_flag=True, help="Remove the gate; configuration and state stay.")
@click.option("--purge", is_flag=True, help="With --uninstall: remove these too.")
@click.option("--files-only", is_flag=True, help="Lay units, rules and pages of this release again, and no more.")
def install(bundle: Path | None, extras: str | None, root: Path, remove: bool, purge: bool, files_only: bool) -> None:
    """Let this device\'s services run this gate.

    The gate that this command belongs to.  For an environment that pipx, uv or pip made: users, folders, rules
    and units are laid, and /opt/gate leads to it.  With --from a bundle is checked and installs itself; it
    needs no network.  Outside of --root nothing is touched.
    """
    layout = DeviceLayout(root.absolute())
    if purge and not remove:
        raise UsageError("--purge goes with --uninstall only", hint="Give both, or neither")
    if files_only and (remove or bundle or extras):
        raise UsageError("--files-only goes with --root only", hint="Leave the other options out")
    if files_only:
        lay_own_files(layout, Progress())
    elif remove:
        uninstall(layout, Progress(), purge=purge)
    elif bundle:
        open_bundle(bundle).close()
        sys.exit(hand_over(bundle, layout.root, extras))
    else:
        _check_extras(extras)
        install_own(layout, Progress())


def _check_extras(extras: str | None) -> None:
    """Refuse a name that no extra has.  The packages of the others are in the environment already: it is pip's, pipx's
    or uv's to fill.  Raises UsageError."""
    names = {name.strip() for name in (extras or "").split(",") if name.strip()}
    if unknown := sorted(names - set(EXTRAS)):
        raise UsageError(f"there is no {', '.join(unknown)} to install", hint=f"--with takes: {', '.join(EXTRAS)}")
