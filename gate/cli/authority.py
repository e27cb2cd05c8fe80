"""`gate authority`: keys, passes, statuses, publishing.

Results go to stdout, remarks and progress to stderr.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from gate.authority import pictures
from gate.authority.authority import Authority
from gate.authority.wallet import Wallet
from gate.cli.authority_import import command as import_command
from gate.core.model import Listing, Status
from gate.errors import UsageError
from gate.passes.aq1_encode import credential_text
from gate.ports.driver import parse_duration, show_duration
from gate.store.wire import MAX_PLACES, Head

_Command = TypeVar("_Command", bound=Callable[..., object])


class _Duration(click.ParamType[float]):
    """`"12h"` -> seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return cast(float, parse_duration(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


_directory = click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
_idx = click.option("--idx", type=click.IntRange(0, MAX_PLACES - 1), help="The place in the status list.")
_person = click.option("--person", metavar="ID", help="The person, by the IIN or id they were imported with.")
_at = click.option("--at", type=click.IntRange(0, 2**53 - 1), metavar="UNIX", help="In place of the present time.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object in place of text.")
_key_valid = click.option(
    "--key-valid", type=_Duration(), default="366d", show_default=True, help="How long the key may sign."
)
_audience = click.option("--audience", metavar="VENUE", help="Good at this venue only.")


def _drawing(command: _Command) -> _Command:
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option("--terminal/--text", default=None, help="Draw the code, or print its text [drawn on a terminal]."),
        click.option("--paper", is_flag=True, help="Pictures for print: more error correction, 300 dpi."),
        click.option("--svg", type=file, help="Draw it into this SVG file."),
        click.option("--png", type=file, help="Draw it into this PNG file."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class _Look:
    png: Path | None
    svg: Path | None
    paper: bool
    terminal: bool | None

    @property
    def drawn(self) -> bool:
        """Whether stdout gets the drawing; the text otherwise."""
        if self.terminal is None:
            return not self.png and not self.svg and sys.stdout.isatty()
        return self.terminal

    def show(self, text: str, clear: bool = False) -> None:
        self.save(text)
        if clear and self.drawn:
            click.clear()
        click.echo(pictures.terminal(text) if self.drawn else text)
        sys.stdout.flush()

    def save(self, text: str) -> None:
        if self.png:
            pictures.draw_png(text, self.png, paper=self.paper)
        if self.svg:
            pictures.draw_svg(text, self.svg, paper=self.paper)


@click.group()
def authority() -> None:
    """Keys, passes and lists: the side that issues what gates check.

    \b
    From nothing to a first pass:
      gate authority init /srv/authority
      gate authority add-issuer /srv/authority ashyq --name kk=Ashyq --name ru=Ashyq
      gate authority import /srv/authority statuses.csv
      gate authority publish /srv/authority
      gate authority issue /srv/authority --issuer ashyq --idx 7 --status green
    """


@authority.command()
@_directory
def init(directory: Path) -> None:
    """Make DIR an authority.  It begins with empty lists and a set of rules to edit.

    \b
    Example:
      gate authority init /srv/authority
    """
    made = Authority.create(directory)
    click.echo(f"{directory} is an authority; its rules are in {directory / 'rules.json'}")
    click.echo(f"Private keys will lie in {directory / 'private'}: back them up. Publishing goes to {made.public}")


@authority.command("add-issuer")
@_directory
@click.argument("issuer", metavar="ID")
@click.option("--name", "names", multiple=True, metavar="LANG=NAME", help="How pages call it; may be repeated.")
@click.option(
    "--max-lifetime", type=_Duration(), default="24h", show_default=True, help="The longest life of one pass."
)
@_key_valid
@_at
@_json
def add_issuer(
    directory: Path,
    issuer: str,
    names: tuple[str, ...],
    max_lifetime: float,
    key_valid: float,
    at: int | None,
    as_json: bool,
) -> None:
    """Make a key for issuer ID and put it on the trust list.

    \b
    Example:
      gate authority add-issuer /srv/authority ashyq --name kk=Ashyq --name ru=Ashyq --max-lifetime 24h
    """
    kid = Authority.open(directory).add_issuer(
        issuer, at=_time(at), names=_names(names), max_lifetime=int(max_lifetime), key_valid=int(key_valid)
    )
    _answer(as_json, {"issuer": issuer, "kid": kid}, f"issuer {issuer} signs with key {kid}; publish to tell the gates")


@authority.command()
@_directory
@click.option("--issuer", required=True, metavar="ID", help="The issuer that gets a new key.")
@click.option(
    "--starts-in",
    type=_Duration(),
    default="0s",
    show_default=True,
    help="Sign with the old key for this long, so that gates learn the new one first.",
)
@_key_valid
@_at
@_json
def rotate(directory: Path, issuer: str, starts_in: float, key_valid: float, at: int | None, as_json: bool) -> None:
    """Give an issuer a new key.  The old one stays good until its own end.

    \b
    Example, with two days for the gates to learn the new key:
      gate authority rotate /srv/authority --issuer ashyq --starts-in 2d
    """
    kid = Authority.open(directory).rotate(issuer, at=_time(at), starts_in=int(starts_in), key_valid=int(key_valid))
    when = f"in {show_duration(starts_in)}" if starts_in else "from now on"
    _answer(as_json, {"issuer": issuer, "kid": kid}, f"issuer {issuer} signs with key {kid} {when}; publish now")


@authority.command()
@_directory
@_idx
@_person
@click.option("--key", metavar="KID", help="An issuer's key: none of its passes is good any more.")
@_at
def revoke(directory: Path, idx: int | None, person: str | None, key: str | None, at: int | None) -> None:
    """Revoke one person's passes, or an issuer's key.  Gates know once they have synced.

    \b
    Examples:
      gate authority revoke /srv/authority --idx 7
      gate authority revoke /srv/authority --key 426e3330a21853bb
    """
    opened = Authority.open(directory)
    if key is not None and idx is None and person is None:
        issuer = opened.revoke_key(key, at=_time(at))
        click.echo(f"key {key} of {issuer} is revoked; publish to tell the gates")
    elif key is None:
        place = _place(opened, idx, person)
        opened.set_status(place, Listing.REVOKED)
        click.echo(f"passes of place {place} are revoked; publish to tell the gates")
    else:
        raise UsageError("--key revokes an issuer's key, --idx and --person one person", hint="Give one of them")


@authority.command()
@_directory
@click.option("--issuer", required=True, metavar="ID", help="Who signs.")
@_idx
@_person
@click.option("--status", required=True, type=click.Choice([status.colour for status in Status]), help="The colour.")
@click.option("--lifetime", type=_Duration(), default="12h", show_default=True, help="How long the pass lives.")
@click.option("--bound", is_flag=True, help="Bind it to a phone: makes a wallet file to present it from.")
@click.option(
    "--wallet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The wallet file; one that exists keeps its key.  [default with --bound: pass-IDX.wallet]",
)
@_drawing
@_at
@_json
def issue(
    directory: Path,
    issuer: str,
    idx: int | None,
    person: str | None,
    status: str,
    lifetime: float,
    bound: bool,
    wallet: Path | None,
    at: int | None,
    as_json: bool,
    **look: Any,
) -> None:
    """Issue one pass and print its code.  Of a bound pass: the code that is good for the next 30 s.

    \b
    Examples:
      gate authority issue /srv/authority --issuer ashyq --idx 7 --status green --png pass.png
      gate authority issue /srv/authority --issuer ashyq --idx 7 --status green --wallet phone.wallet
    """
    opened, now = Authority.open(directory), _time(at)
    place = _place(opened, idx, person)
    if bound and wallet is None:
        wallet = Path(f"pass-{place}.wallet")
    phone = None if wallet is None else Wallet.load(wallet) if wallet.exists() else Wallet.create()
    holder = None if phone is None else phone.holder_public
    credential = opened.issue(issuer, place, Status[status.upper()], now, int(lifetime), holder)
    text = credential_text(credential)
    if phone and wallet:
        phone.hold(credential)
        phone.save(wallet)
        text = phone.present(now)
        _remark(f"bound to {wallet}; show it with `gate authority present {wallet}`")
    if opened.listing(place) in (Listing.UNLISTED, Listing.REVOKED):
        _remark(
            f"place {place} is {opened.listing(place).name.lower()} in the status list: most gates refuse this pass"
        )
    if as_json:
        _Look(**look).save(text)
        facts = {"issuer": issuer, "idx": place, "status": status, "issued_at": now, "expires_at": now + int(lifetime)}
        click.echo(json.dumps({**facts, "bound": phone is not None, "qr": text}))
    else:
        _Look(**look).show(text)


@authority.command()
@click.argument("wallet", type=click.Path(dir_okay=False, path_type=Path))
@_audience
@click.option("--follow", is_flag=True, help="Renew it until Ctrl-C, as a phone does.")
@click.option("--every", type=_Duration(), default="5s", show_default=True, help="With --follow: how often.")
@_drawing
@_at
def present(wallet: Path, audience: str | None, follow: bool, every: float, at: int | None, **look: Any) -> None:
    """Show the bound pass in WALLET, signed just now.

    \b
    Example:
      gate authority present pass-7.wallet --audience ala-t2 --follow
    """
    phone, shown, started = Wallet.load(wallet), _Look(**look), time.monotonic()
    shown.show(phone.present(_time(at), audience), clear=follow)
    with suppress(KeyboardInterrupt):  # the way to end it
        while follow:
            time.sleep(max(every, 0.2))  # a code changes once a second, so faster only heats
            now = _time(None if at is None else at + int(time.monotonic() - started))
            shown.show(phone.present(now, audience), clear=True)


authority.add_command(import_command)


@authority.command()
@_directory
@click.option(
    "--to", metavar="PUB", type=click.Path(file_okay=False, path_type=Path), help="The folder.  [default: DIR/public]"
)
@_at
@_json
def publish(directory: Path, to: Path | None, at: int | None, as_json: bool) -> None:
    """Publish trust list, rules and statuses.  The folder gets them as they stand now, in one step.

    Any web server, object store or USB stick can carry the folder to the gates.

    \b
    Example:
      gate authority publish /srv/authority --to /srv/www/gate
    """
    opened = Authority.open(directory)
    folder = to or opened.public
    head = opened.publish(folder, _time(at))
    if not head.listed:
        _remark("the status list names nobody: gates refuse everyone as not_listed, unless they trust the pass alone")
    _answer(as_json, head.model_dump(), _published(head, folder))


def _published(head: Head, folder: Path) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(head.as_of))
    return f"list version {head.version} of {when} is in {folder}: {head.listed} of {head.size} places are listed"


def _time(at: int | None) -> int:
    return int(time.time()) if at is None else at


def _names(pairs: tuple[str, ...]) -> dict[str, str]:
    names = dict(pair.partition("=")[::2] for pair in pairs)
    if not all(names.values()):
        raise UsageError("a name is written LANG=NAME", hint='For example --name kk=Ashyq --name "ru=Ashyq"')
    return names


def _place(opened: Authority, idx: int | None, person: str | None) -> int:
    if (idx is None) == (person is None):
        raise UsageError("whose pass it is must be said once", hint="Give either --idx or --person")
    if idx is not None:
        return idx
    place = opened.place_of(person or "")
    if place is None:
        raise UsageError("this person has no place in the status list", hint="Import their status first")
    return place


def _answer(as_json: bool, facts: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(facts) if as_json else text)


def _remark(text: str) -> None:
    click.echo(text, err=True)
