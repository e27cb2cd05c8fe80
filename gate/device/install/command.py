"""The command that installs: `sh BUNDLE`, `scripts/install`.  It needs the standard library only."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from gate.device.bundle import EXTRAS, Bundle, open_bundle
from gate.device.install.activate import activate, is_booted, restart
from gate.device.install.computer import check_fit, check_writable
from gate.device.install.debian import install_needed
from gate.device.install.progress import Progress
from gate.device.install.release import about, check_name, make_release, site_packages
from gate.device.install.remove import uninstall
from gate.device.install.system import lay_system_files, release_in_use, use_release
from gate.device.layout import DeviceLayout
from gate.device.system_files import UNITS
from gate.errors import GateError, InstallError


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--with", dest="extras", metavar="LIST", help=f"what else is attached: {','.join(EXTRAS)}")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="an image's root; / if not given")
    parser.add_argument("--uninstall", action="store_true", help="remove the gate; configuration and state stay")
    parser.add_argument("--purge", action="store_true", help="with --uninstall: remove these too")


def main(bundle: Path) -> None:
    """Install the bundle that this is run from, by the command line's options."""
    parser = argparse.ArgumentParser(prog=f"sh {bundle.name}", description="Install Ashyq Gate on this computer.")
    add_options(parser)
    run(bundle, parser.parse_args())


def run(bundle: Path | None, options: argparse.Namespace) -> None:
    """Do what the options ask for; an error is one line, and its exit code."""
    try:
        perform(bundle, options)
    except GateError as error:
        print(f"install: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("install: stopped; what was in use is in use", file=sys.stderr)
        sys.exit(130)


def perform(bundle: Path | None, options: argparse.Namespace) -> None:
    """Install or uninstall.  Raises InstallError."""
    os.umask(0o022)
    layout = DeviceLayout(options.root.absolute())
    progress = Progress()
    check_writable(layout)
    if options.purge and not options.uninstall:
        raise InstallError("--purge goes with --uninstall only", hint="Give both, or neither")
    if options.uninstall:
        uninstall(layout, progress, purge=options.purge)
        return
    if bundle is None:
        raise InstallError("there is no bundle to install", hint="Give --from BUNDLE")
    progress.step(f"checking {bundle.name}")
    with open_bundle(bundle, progress.count) as opened:
        install_bundle(opened, layout, _extras(options.extras, opened, layout), progress)


def hand_over(bundle: Path, root: Path, extras: str | None) -> int:
    """Let a bundle, checked by now, install itself: it knows its own files, whatever version this program is of.
    Return its exit code.  `extras`: as --with takes them."""
    words = ["--root", str(root), *(["--with", extras] if extras is not None else [])]
    return subprocess.run([sys.executable, "-I", bundle, *words], check=False).returncode  # noqa: S603 - checked


def install_bundle(bundle: Bundle, layout: DeviceLayout, extras: set[str], progress: Progress) -> None:
    """Make the release, lay the system's files and switch to it.  Raises InstallError."""
    manifest = bundle.manifest
    left = check_fit(manifest, layout, bundle.path)
    check_name(manifest, layout)
    if left:
        progress.note(left)
    install_needed(bundle, layout, extras, progress)
    release, made = make_release(bundle, layout, extras, progress)
    before = release_in_use(layout)
    updates = before not in ("", manifest.version) and layout.root == Path("/") and is_booted()
    if updates:
        _try_release(release, progress)
    changed = lay_system_files(site_packages(release, manifest.python) / "gate" / "data", layout, progress)
    if not updates:
        progress.step(f"switching to release {manifest.version}")
    use_release(layout, manifest.version)
    activate(layout, progress)
    if (made and before == manifest.version) or any(name.startswith(UNITS) for name in changed):
        restart(layout)
    chosen = f" with {', '.join(sorted(extras))}" if extras else ""
    progress.step(f"done: release {manifest.version}{chosen}")
    if not layout.config.exists():
        progress.note(f"next: {layout.config}, by `gate setup` or by hand; then systemctl start gate gate-sync")


def _try_release(release: Path, progress: Progress) -> None:
    """Let the new release take over from the one in use, under watch.  Raises InstallError when that one goes on."""
    progress.step(f"taking {release.name} into use; the release before goes on if it is not well")
    use = [str(release / "bin/gate"), "release", "use", "--keep-files", release.name]  # they are laid after it
    done = subprocess.run(use, check=False)  # noqa: S603 - ours
    if done.returncode != 0:
        raise InstallError(
            f"release {release.name} was made, and is not in use",
            hint=f"See why above; try it again by: sudo gate release use {release.name}",
        )


def _extras(given: str | None, bundle: Bundle, layout: DeviceLayout) -> set[str]:
    """Return the extras that were asked for, or those of the release in use: an update keeps them."""
    if given is None:
        current = about(layout.current).get("extras", [])
        return {name for name in current if name in bundle.manifest.extras}
    names = {name.strip() for name in given.split(",") if name.strip()}
    if unknown := sorted(names - bundle.manifest.extras):
        raise InstallError(f"there is no {', '.join(unknown)} to install", hint=f"--with takes: {', '.join(EXTRAS)}")
    return names
