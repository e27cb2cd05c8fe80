"""`gate authority import-keys`: the keys that sign certificates of other systems."""

import sys
from pathlib import Path

import click

from gate.cli.authority_options import answer, directory_argument, json_option, open_authority
from gate.errors import UsageError

MOST_BYTES = 64 * 1024 * 1024  # of a list: the largest of 2023 had 2 MB


@click.command("import-keys")
@directory_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--iss", metavar="URL", help="The issuer of SMART Health Cards whose JWKS the file is.")
@click.option("--country", metavar="CC", help="The country of keys whose list names none.")
@click.option("--shrink", is_flag=True, help="Confirm that most keys vanish.")
@click.option("--dry-run", is_flag=True, help="Check the file and count its keys; change nothing.")
@json_option
def import_keys(
    directory: Path, file: Path, iss: str | None, country: str | None, shrink: bool, dry_run: bool, as_json: bool
) -> None:
    """Import keys of other systems' certificates.

    FILE is a list as it is published, - for stdin: the list of a national gateway of the EU's certificates (DGCG,
    and the forms of Sweden, Switzerland and the Netherlands), a JWKS of an issuer of SMART Health Cards with --iss,
    a directory of such issuers, or a signer's certificate as PEM or DER.  It takes the place of the list imported
    before, so that a key that was withdrawn is gone.  Gates accept the keys after the next `publish`.

    Check where the file comes from: whoever makes it decides whose certificates open doors.

    \b
    Examples:
      gate authority import-keys /srv/authority dsc-list.json
      gate authority import-keys /srv/authority jwks.json --iss https://health.example.org/cards
    """
    from gate.authority.key_lists import read_key_list  # loads X.509, which no other command needs

    opened = open_authority(directory)
    data = sys.stdin.buffer.read(MOST_BYTES + 1) if str(file) == "-" else _content(file)
    if len(data) > MOST_BYTES:
        raise UsageError(f"{file} is larger than {MOST_BYTES >> 20} MB", hint="Give a list of keys")
    if iss is not None and not iss.startswith("https://"):
        raise UsageError(f"{iss!r} is no address of an issuer", hint="Write it as in its cards: https://...")
    if country is not None and not (len(country) in (2, 3) and country.isascii() and country.isalpha()):
        raise UsageError(f"{country!r} is no country", hint="Write its code of two or three letters, as AT")
    listed = read_key_list(data, country=country, iss=iss)
    keys = sum(len(issuer.keys) for issuer in listed.issuers)
    facts = {"issuers": len(listed.issuers), "keys": keys}
    text = f"keys: {keys}, issuers: {len(listed.issuers)}"
    if dry_run:
        answer(as_json, facts, f"{text}; nothing was changed")
        return
    change = opened.take_keys(listed, shrink=shrink)
    facts |= {"keys": change.keys, "new": change.new, "gone": change.gone}
    answer(as_json, facts, f"{text}: {change.new} new, {change.gone} gone")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="Name a file that you may read") from error
