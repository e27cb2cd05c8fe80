"""`gate authority issue` and `present`: passes, drawn for a phone, for paper or for a terminal."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from gate.authority import pictures
from gate.authority.wallet import Wallet
from gate.cli.authority_options import (
    DurationType,
    at_option,
    directory_argument,
    idx_option,
    json_option,
    moment,
    open_authority,
    person_option,
    place_of,
    remark,
)
from gate.cli.passphrase import passphrase_option
from gate.core.model import Listing, Status
from gate.passes.aq1_encode import credential_text

_Command = TypeVar("_Command", bound=Callable[..., object])

_audience = click.option("--audience", metavar="VENUE", help="Make the code valid at this venue only.")


def _drawing(command: _Command) -> _Command:
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--terminal/--text", default=None, help="Draw the code, or print its text.  [default: drawn on a terminal]"
        ),
        click.option("--paper", is_flag=True, help="Draw for print: more error correction, 300 dpi."),
        click.option("--svg", type=file, help="Draw the code to this SVG file."),
        click.option("--png", type=file, help="Draw the code to this PNG file."),
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
        """Whether stdout gets the drawing; else the text."""
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


@click.command()
@directory_argument
@click.option("--issuer", required=True, metavar="ID", help="The issuer who signs.")
@idx_option
@person_option
@click.option(
    "--status", required=True, type=click.Choice([status.colour for status in Status]), help="The person's status."
)
@click.option("--lifetime", type=DurationType(), default="12h", show_default=True, help="Validity of the pass.")
@click.option("--bound", is_flag=True, help="Bind the pass to a phone: writes a wallet file, for `present`.")
@click.option(
    "--wallet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The wallet file; an existing one keeps its key.  [default with --bound: pass-IDX.wallet]",
)
@_drawing
@passphrase_option
@at_option
@json_option
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
    """Issue one pass and print its code.  The code of a bound pass is valid for 30 s.

    \b
    Examples:
      gate authority issue /srv/authority --issuer ashyq --idx 7 --status green --png pass.png
      gate authority issue /srv/authority --issuer ashyq --idx 7 --status green --wallet phone.wallet
    """
    opened, now = open_authority(directory), moment(at)
    place = place_of(opened, idx, person)
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
        remark(f"bound to {wallet}; show it with `gate authority present {wallet}`")
    if opened.listing(place) in (Listing.UNLISTED, Listing.REVOKED):
        remark(f"place {place} is {opened.listing(place).name.lower()} in the status list: most gates refuse this pass")
    if as_json:
        _Look(**look).save(text)
        facts = {"issuer": issuer, "idx": place, "status": status, "issued_at": now, "expires_at": now + int(lifetime)}
        click.echo(json.dumps({**facts, "bound": phone is not None, "qr": text}))
    else:
        _Look(**look).show(text)


@click.command()
@click.argument("wallet", type=click.Path(dir_okay=False, path_type=Path))
@_audience
@click.option("--follow", is_flag=True, help="Renew the code until Ctrl-C, as a phone does.")
@click.option(
    "--every", type=DurationType(), default="5s", show_default=True, help="With --follow: time between two codes."
)
@_drawing
@at_option
@json_option
def present(
    wallet: Path, audience: str | None, follow: bool, every: float, at: int | None, as_json: bool, **look: Any
) -> None:
    """Present the bound pass in WALLET.  Its code is signed for the present time.

    \b
    Example:
      gate authority present pass-7.wallet --audience ala-t2 --follow
    """
    phone, shown, started = Wallet.load(wallet), _Look(**look), time.monotonic()

    def show(now: int) -> None:
        text = phone.present(now, audience)
        if as_json:
            shown.save(text)
            click.echo(json.dumps({"presented_at": now, "qr": text}))
            sys.stdout.flush()
        else:
            shown.show(text, clear=follow)

    show(moment(at))
    with suppress(KeyboardInterrupt):  # ends the command
        while follow:
            time.sleep(max(every, 0.2))  # a code changes once a second: faster is wasted power
            show(moment(None if at is None else at + int(time.monotonic() - started)))
