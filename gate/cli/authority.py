"""`gate authority`: keys, passes, statuses, publishing.

Results go to stdout, warnings and progress to stderr.
"""

import json
import time
from contextlib import nullcontext
from pathlib import Path

import click
from rich.console import Console

from gate.authority.authority import Authority
from gate.authority.publication_time import CLOCK_SLACK, check_clock
from gate.authority.roles import SigningRole
from gate.cli.authority_import import command as import_command
from gate.cli.authority_keys import import_keys
from gate.cli.authority_options import (
    DurationType,
    answer,
    at_option,
    classes_of,
    directory_argument,
    idx_option,
    json_option,
    key_valid_option,
    keys_option,
    moment,
    only_option,
    open_authority,
    person_option,
    place_of,
    private_keys,
    remark,
)
from gate.cli.authority_passes import issue, present
from gate.cli.moments import Moments
from gate.cli.passphrase import passphrase_option
from gate.core.model import Listing
from gate.errors import UsageError
from gate.ports.driver import show_duration
from gate.store.status_wire import Head

_number = click.IntRange(1, 16)


@click.group()
def authority() -> None:
    """Issue passes and statuses, and publish them.

    \b
    From nothing to a first pass:
      gate authority init /srv/authority
      gate authority add-issuer /srv/authority ashyq --name kk=Ashyq --name ru=Ashyq
      gate authority import /srv/authority statuses.csv
      gate authority publish /srv/authority
      gate authority issue /srv/authority --issuer ashyq --idx 7 --status green
    """


authority.add_command(issue)
authority.add_command(present)
authority.add_command(import_command)
authority.add_command(import_keys)


@authority.command()
@directory_argument
@keys_option
@click.option("--root-keys", type=_number, default=1, show_default=True, help="Number of root keys to make.")
@click.option("--threshold", type=_number, default=1, show_default=True, help="Number of root keys that must sign.")
@click.option("--seal", is_flag=True, help="Seal the keys with a passphrase, which is asked for.")
@only_option
@passphrase_option
@at_option
@json_option
def init(
    directory: Path,
    keys: Path | None,
    root_keys: int,
    threshold: int,
    seal: bool,
    only: str | None,
    at: int | None,
    as_json: bool,
) -> None:
    """Make DIR an authority.  It begins with empty lists and a set of rules to edit.

    The offline keys (root, targets) certify the others, and are needed again only when keys, issuers or rules
    change.  --keys puts them on a medium of their own, to be locked away.

    \b
    Example:
      gate authority init /srv/authority --keys /media/usb/gate-keys --seal --only offline
    """
    if only and not seal:
        raise UsageError("--only is of use with --seal only", hint="Give both")
    private = private_keys(classes_of(only) if seal else ())
    made = Authority.create(
        directory, at=moment(at), keys=keys, root_keys=root_keys, threshold=threshold, private=private
    )
    if as_json:
        paths = {"directory": directory, "private": directory / "private", "public": made.public, "keys": keys}
        paths |= {"rules": directory / "rules.json", "root": directory / "root.json"}
        click.echo(json.dumps({name: None if path is None else str(path) for name, path in paths.items()}))
        return
    click.echo(f"{directory} is an authority; its rules are in {directory / 'rules.json'}")
    click.echo(f"Private keys lie in {directory / 'private'}: back them up. Publishing goes to {made.public}")
    if keys:
        click.echo(f"The offline keys lie in {keys}: put that medium away")
    click.echo(f"Every device gets {directory / 'root.json'}: it verifies every list by it")


@authority.command("add-issuer")
@directory_argument
@click.argument("issuer", metavar="ID")
@click.option(
    "--name", "names", multiple=True, metavar="LANG=NAME", help="The issuer's name in a language; may be repeated."
)
@click.option(
    "--max-lifetime", type=DurationType(), default="24h", show_default=True, help="Longest validity of one pass."
)
@key_valid_option
@passphrase_option
@at_option
@json_option
def add_issuer(
    directory: Path,
    issuer: str,
    names: tuple[str, ...],
    max_lifetime: float,
    key_valid: float,
    at: int | None,
    as_json: bool,
) -> None:
    """Add issuer ID to the trust list, with a key.

    \b
    Example:
      gate authority add-issuer /srv/authority ashyq --name kk=Ashyq --name ru=Ashyq --max-lifetime 24h
    """
    kid = open_authority(directory).add_issuer(
        issuer, at=moment(at), names=_names(names), max_lifetime=int(max_lifetime), key_valid=int(key_valid)
    )
    answer(as_json, {"issuer": issuer, "kid": kid}, f"issuer {issuer} signs with key {kid}; publish it to the gates")


@authority.command()
@directory_argument
@click.option("--issuer", metavar="ID", help="The issuer that gets a new key.")
@click.option(
    "--role", type=click.Choice([role.value for role in SigningRole]), help="The signing role that gets new keys."
)
@click.option(
    "--starts-in",
    type=DurationType(),
    default="0s",
    show_default=True,
    help="Of an issuer: sign with the old key for this long, until every gate has the new one.",
)
@key_valid_option
@keys_option
@passphrase_option
@at_option
@json_option
def rotate(
    directory: Path,
    issuer: str | None,
    role: str | None,
    starts_in: float,
    key_valid: float,
    keys: Path | None,
    at: int | None,
    as_json: bool,
) -> None:
    """Replace the keys of an issuer or of a role.

    An issuer's old key stays valid until its own end.  A role's old keys are invalid once the new ones are
    published; gates follow with their next sync.

    \b
    Examples:
      gate authority rotate /srv/authority --issuer ashyq --starts-in 2d
      gate authority rotate /srv/authority --role timestamp --keys /media/usb/gate-keys
    """
    opened = open_authority(directory, keys)
    if issuer is not None and role is None:
        kid = opened.rotate(issuer, at=moment(at), starts_in=int(starts_in), key_valid=int(key_valid))
        when = f"in {show_duration(starts_in)}" if starts_in else "from now on"
        answer(as_json, {"issuer": issuer, "kid": kid}, f"issuer {issuer} signs with key {kid} {when}; publish now")
    elif role is not None and issuer is None:
        opened.rotate_role(SigningRole(role), moment(at))
        answer(as_json, {"role": role}, f"{role} has new keys; publish now, and back {directory / 'private'} up")
    else:
        raise UsageError("one of --issuer and --role is needed", hint="Give either --issuer ID or --role NAME")


@authority.command()
@directory_argument
@idx_option
@person_option
@click.option("--key", metavar="KID", help="An issuer's key: all its passes become invalid.")
@passphrase_option
@at_option
@json_option
def revoke(
    directory: Path, idx: int | None, person: str | None, key: str | None, at: int | None, as_json: bool
) -> None:
    """Revoke a person's passes, or an issuer's key.

    It takes effect with each gate's next sync.

    \b
    Examples:
      gate authority revoke /srv/authority --idx 7
      gate authority revoke /srv/authority --key 426e3330a21853bb
    """
    opened = open_authority(directory)
    if key is not None and idx is None and person is None:
        issuer = opened.revoke_key(key, at=moment(at))
        answer(as_json, {"key": key, "issuer": issuer}, f"key {key} of {issuer} is revoked; publish it to the gates")
    elif key is None:
        place = place_of(opened, idx, person, ", or --key KID for an issuer's key")
        opened.set_status(place, Listing.REVOKED)
        answer(as_json, {"idx": place}, f"passes of place {place} are revoked; publish it to the gates")
    else:
        raise UsageError("--key revokes an issuer's key, --idx and --person one person", hint="Give one of them")


@authority.command("add-device")
@directory_argument
@click.argument("name", metavar="DEVICE")
@click.argument("key")
@json_option
def add_device(directory: Path, name: str, key: str, as_json: bool) -> None:
    """Publish the subject index for a gate.  There, staff can check people by IIN.

    KEY is the output of `gate list device-key` on the device.  The subject key is sealed to it, so that no
    mirror and no other device can open it.

    \b
    Example:
      gate authority add-device /srv/authority ala-t2-07 6f1e…
    """
    open_authority(directory).add_device(name, key.lower())
    answer(as_json, {"device": name, "key": key.lower()}, f"{name} gets the subject index; publish now")


@authority.command("remove-device")
@directory_argument
@click.argument("name", metavar="DEVICE")
@json_option
def remove_device(directory: Path, name: str, as_json: bool) -> None:
    """Stop publishing the subject index for a gate.  The device keeps the index that it has.

    \b
    Example:
      gate authority remove-device /srv/authority ala-t2-07
    """
    open_authority(directory).remove_device(name)
    text = f"{name} is given nothing new; publish now, and see to it that the device itself is wiped"
    answer(as_json, {"device": name}, text)


@authority.command()
@directory_argument
@click.option(
    "--to",
    metavar="PUB",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to publish to.  [default: DIR/public]",
)
@click.option("--shrink", is_flag=True, help="Confirm that far fewer people are listed than before.")
@click.option("--grow", is_flag=True, help="Confirm that many people are new, or get another status.")
@click.option("--ahead", is_flag=True, help="Confirm that the last list is much older than usual.")
@keys_option
@passphrase_option
@at_option
@json_option
def publish(
    directory: Path,
    to: Path | None,
    shrink: bool,
    grow: bool,
    ahead: bool,
    keys: Path | None,
    at: int | None,
    as_json: bool,
) -> None:
    """Publish issuers, rules and statuses, signed.

    The folder changes in one step.  Any web server, object store or USB stick can carry the folder to the
    gates; none of them is trusted. Statuses need the online keys only; changed issuers or rules need the
    offline keys too (--keys).

    \b
    Example:
      gate authority publish /srv/authority --to /srv/www/gate
    """
    opened = open_authority(directory, keys)
    folder = to or opened.public
    opened.unlock()
    console = Console(stderr=True)
    with console.status("packing and signing") if console.is_terminal else nullcontext():
        check_clock(moment(at), time.time(), ahead=ahead)
        head = opened.publish(folder, moment(at), shrink=shrink, grow=grow, ahead=ahead)
    for text in opened.remarks(moment(at)):
        remark(text)
    if not head.listed:
        remark("the status list names nobody: gates refuse everyone as not_listed, unless they trust the pass alone")
    answer(as_json, head.model_dump(), _published(head, folder))


@authority.command()
@directory_argument
@keys_option
@only_option
@passphrase_option
def seal(directory: Path, keys: Path | None, only: str | None) -> None:
    """Seal private keys with a passphrase.  Without it the files are useless.

    A timer that publishes opens the online keys with --passphrase-file, or they stay unsealed.  Keys that were
    unsealed on a medium may still be read from it: replace them with `rotate`, or destroy the medium.

    \b
    Examples:
      gate authority seal /srv/authority --keys /media/usb/gate-keys --only offline
      gate authority seal /srv/authority --passphrase-file "$CREDENTIALS_DIRECTORY/authority"
    """
    count = open_authority(directory, keys).seal(classes_of(only))
    click.echo(f"{count} keys are sealed now" if count else "every key was sealed already")


@authority.command()
@directory_argument
@keys_option
@only_option
@passphrase_option
def unseal(directory: Path, keys: Path | None, only: str | None) -> None:
    """Unseal private keys.  They can then be sealed with another passphrase.

    \b
    Example:
      gate authority unseal /srv/authority --keys /media/usb/gate-keys --only offline
    """
    count = open_authority(directory, keys).unseal(classes_of(only))
    click.echo(f"{count} keys are plain now" if count else "no key was sealed")


@authority.command("reset-time")
@directory_argument
@at_option
@json_option
def reset_time(directory: Path, at: int | None, as_json: bool) -> None:
    """Withdraw a later time that was published.

    Gates correct theirs with their next sync.  Use it after a publication on a computer whose clock was
    ahead.  Correct that clock first.  The next `publish` carries the reset, signed with the offline keys; every
    gate then drops all later times, once.

    \b
    Example:
      gate authority reset-time /srv/authority
      gate authority publish /srv/authority --keys /media/safe
    """
    to = moment(at)
    shown = Moments().show(to)
    if to > time.time() + CLOCK_SLACK:
        raise UsageError(f"{shown} is not here yet", hint="Give a time that is over (--at), or set the clock")
    made = open_authority(directory).reset_time(to)
    text = f"the time of all gates is reset to {shown} with the next publication: publish now, with the offline keys"
    answer(as_json, {"number": made.number, "to": made.to}, text)


def _published(head: Head, folder: Path) -> str:
    when = Moments().show(head.as_of)
    return f"list version {head.version} of {when} is in {folder}: {head.listed} of {head.size} places are listed"


def _names(pairs: tuple[str, ...]) -> dict[str, str]:
    names = dict(pair.partition("=")[::2] for pair in pairs)
    if not all(names.values()):
        raise UsageError("a name is written LANG=NAME", hint='For example --name kk=Ashyq --name "ru=Ashyq"')
    return names
