"""`scripts/deb`: a Debian package that carries a bundle, and installs and removes by it."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from gate.device.bundle import Manifest, open_bundle
from gate.device.system_files import GROUPS, PURGED, USERS
from gate.errors import GateError, InstallError

ROOT = Path(__file__).resolve().parents[2]
NAME = "ashyq-gate"
NOBODY = "Ashyq Gate <ashyq-gate@example.org>"
"""The maintainer of a package, unless DEBFULLNAME and DEBEMAIL name one, as for other tools of Debian's."""
BUNDLE = f"usr/lib/{NAME}/gate.bundle"
ALSO_NAMED = {"libzbar0": "libzbar0 | libzbar0t64"}  # Debian 12's name, and 13's
USUAL_TIME = "1580601600"

DESCRIPTION = """\
Description: offline-first gate controller: a pass in a QR code, an opened door
 Reads a signed status pass from a phone by a camera or a scanner, decides with
 no network by a list that it holds, and opens a relay or a turnstile once for
 one person. The release is made below /opt/gate when the package is configured;
 the one before stays there, for going back."""

POSTINST = f"""\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    sh /{BUNDLE}
fi
"""
PRERM = f"""\
#!/bin/sh
set -e
if [ "$1" = remove ]; then
    sh /{BUNDLE} --uninstall
fi
"""
POSTRM = f"""\
#!/bin/sh
set -e
# The bundle is gone by now: the same as its --uninstall --purge would remove.
if [ "$1" = purge ]; then
    rm -rf {" ".join(f"/{pattern}" for pattern in PURGED)}
    for user in {" ".join(USERS)}; do userdel "$user" >/dev/null 2>&1 || true; done
    for group in {" ".join(GROUPS)}; do groupdel "$group" >/dev/null 2>&1 || true; done
fi
"""


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
def deb(bundle: Path, output: Path) -> None:
    """Make a Debian package of BUNDLE (scripts/bundle makes one).  It installs and removes by the bundle itself."""
    try:
        if not shutil.which("dpkg-deb"):
            raise InstallError("dpkg-deb is missing", hint="Run it on Debian, or apt-get install dpkg")
        with open_bundle(bundle) as opened:
            manifest = opened.manifest
        with tempfile.TemporaryDirectory(prefix="gate-deb-") as folder:
            lay(Path(folder), bundle, manifest)
            build(Path(folder), output)
    except GateError as error:
        click.echo(f"deb: {error}", err=True)
        sys.exit(error.exit_code)
    click.echo(f"deb: {output}: {output.stat().st_size // 1_000_000} MB", err=True)


def lay(tree: Path, bundle: Path, manifest: Manifest) -> None:
    """Lay the files of the package, and its control files, below `tree`."""
    tree.chmod(0o755)
    carried = tree / BUNDLE
    carried.parent.mkdir(parents=True)
    shutil.copy(bundle, carried)
    carried.chmod(0o755)
    documents = tree / "usr/share/doc" / NAME
    documents.mkdir(parents=True)
    (documents / "copyright").write_text(copyright_text())
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", USUAL_TIME))
    (documents / "changelog.gz").write_bytes(gzip.compress(changelog(manifest, seconds).encode(), 9, mtime=0))
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(control_text(manifest, tree))
    for name, text in (("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)):
        (control / name).write_text(text)
        (control / name).chmod(0o755)


def control_text(manifest: Manifest, tree: Path) -> str:
    kilobytes = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file()) // 1024
    needs = [ALSO_NAMED.get(name, name) for name in manifest.needs.get("", [])]
    depends = [f"python{manifest.python}", *needs, "systemd", "udev", "passwd"]
    fields = {
        "Package": NAME,
        "Version": debian_version(manifest.version),
        "Architecture": manifest.architecture,
        "Maintainer": maintainer(),
        "Installed-Size": str(kilobytes),
        "Depends": ", ".join(depends),
        "Section": "misc",
        "Priority": "optional",
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items()) + DESCRIPTION + "\n"


def maintainer() -> str:
    name, mail = os.environ.get("DEBFULLNAME"), os.environ.get("DEBEMAIL")
    return f"{name} <{mail}>" if name and mail else NOBODY


def debian_version(version: str) -> str:
    """Return a version as Debian sorts it: 1.0~rc1 comes before 1.0."""
    return re.sub(r"\.?(a|b|rc|dev)(\d+)", r"~\1\2", version)


def copyright_text() -> str:
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {NAME}\n\n"
        "Files: *\nCopyright: 2026 the authors of Ashyq Gate\nLicense: Apache-2.0\n\n"
        "License: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n"
        " The font of the visitors' page has the SIL Open Font License, gate/kiosk/INTER-OFL.txt.\n"
        " The wheels in the bundle have licences of their own, each in its dist-info.\n"
    )


def changelog(manifest: Manifest, seconds: int) -> str:
    version = debian_version(manifest.version)
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(seconds))
    entry = f"  * Release {version}: see CHANGELOG.md."
    return f"{NAME} ({version}) unstable; urgency=medium\n\n{entry}\n\n -- {maintainer()}  {date}\n"


def build(tree: Path, output: Path) -> None:
    """Build the package whole or not at all.  Hardly compressed, for the wheels are already."""
    new = output.with_name(f".{output.name}.new")
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z0", "--build", str(tree), str(new)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", USUAL_TIME)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        new.unlink(missing_ok=True)
        raise InstallError(f"dpkg-deb failed: {done.stderr.strip()}", hint="")
    new.replace(output)


if __name__ == "__main__":
    deb()
