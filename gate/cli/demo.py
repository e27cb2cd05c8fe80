"""`gate demo`: the whole gate on this machine, with nothing attached."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from gate.demo.cast import cast
from gate.demo.play import Addresses, Audience, Plan, play, workplace
from gate.demo.report import Report, Seen
from gate.demo.webcam import AUTO, WebcamAudience, WebcamPlan, check_camera, play_webcam
from gate.errors import UsageError
from gate.runtime.clock import SystemClock

HEADLESS_PEOPLE = 20
ENDLESS_PEOPLE = 5000  # some five hours at the pace of a watched demo
WATCHED_SPEED = 0.4
USUAL_PORT = 8080
TOO_BUSY = 75  # exit code, EX_TEMPFAIL of sysexits.h: try again


@click.command()
@click.option("--headless", is_flag=True, help="Print a row for each person and a summary, and exit.")
@click.option(
    "--people", type=click.IntRange(1, 5000), help="Number of people.  [default: 20 headless, else until Ctrl-C]"
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Seed of the random cast: the same seed gives the same people.",
)
@click.option("--speed", type=click.FloatRange(0.1, 10), help="Speed of the people.  [default: 1 headless, else 0.4]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port of the kiosk page; 0 is any.  [default: any headless, else 8080]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line; implies --headless.")
@click.option(
    "--webcam",
    is_flag=False,
    flag_value="0",
    metavar="[DEVICE]",
    help="Read your own phone by a camera of this computer: a number, /dev/video0, or an address.  [default: 0]",
)
@click.option(
    "--lan",
    is_flag=False,
    flag_value=AUTO,
    metavar="[ADDRESS]",
    help="With --webcam: let phones on this network open the page with the pass.  [default: this computer only]",
)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep all files in this new folder.")
def demo(
    headless: bool,
    people: int | None,
    seed: int,
    speed: float | None,
    port: int | None,
    as_json: bool,
    webcam: str | None,
    lan: str | None,
    keep: Path | None,
) -> None:
    """Run a gate with simulated people at a camera.

    Only the people, the camera's picture and the turnstile are simulated.  The rest is real: an authority
    issues passes and publishes its list; `gate run` reads a camera stream, decides, records and opens a
    turnstile over a serial line.

    With --webcam nobody is simulated: a page with a pass that renews itself is served for your phone, which you
    hold to this computer's camera.

    Exit 0 when every answer was the expected one, the turnstile was opened once
    for each admitted person, and the journal was verified; 75 when this machine was too busy to judge that; else 1,
    with what was wrong.

    ms_to_open is the time from the first picture in which the whole code is in view with at least two
    pixels a module, moving or not, to the arrival of the opening frame at the turnstile.
    """
    if lan is not None and webcam is None:
        raise UsageError("--lan is for the phone's page", hint="Add --webcam")
    if webcam is not None:
        _show_webcam(webcam, lan, (port,) if port is not None else (USUAL_PORT, 0), keep)
        return
    headless = headless or as_json
    endless = not headless and people is None
    with workplace(keep) as folder:
        plan = Plan(
            people=cast(people or (HEADLESS_PEOPLE if headless else ENDLESS_PEOPLE), seed),
            seed=seed,
            speed=speed or (1.0 if headless else WATCHED_SPEED),
            ports=(port,) if port is not None else (0,) if headless else (USUAL_PORT, 0),
            folder=folder,
            endless=endless,
            watched=not headless,
        )
        printer = _JsonPrinter() if as_json else _TablePrinter(Console(highlight=False), watched=not headless)
        report = asyncio.run(play(plan, SystemClock(), Audience(printer.opened, printer.seen)))
    printer.ended(report)
    if report.excused and report.mismatches():
        late, frames = report.ending.late, report.ending.frames
        click.echo(
            f"gate: this machine was too busy: {late} of {frames} frames came late. "
            "Try again with less running, or with --speed 0.5",
            err=True,
        )
        sys.exit(TOO_BUSY)
    for line in report.mismatches():
        click.echo(f"gate: not as expected: {line}", err=True)
    sys.exit(1 if report.mismatches() else 0)


def _show_webcam(camera: str, lan: str | None, ports: tuple[int, ...], keep: Path | None) -> None:
    """Play with a real phone until Ctrl-C."""
    console = Console(highlight=False)

    def opened(addresses: Addresses, phone: str, is_local: bool) -> None:
        lines = [
            ("The stage    ", addresses.stage, "the phone's address as a code, answer and turnstile on one page"),
            ("Kiosk page   ", addresses.kiosk, "what a visitor reads at the gate"),
            ("Your phone   ", phone, "opens this page, and shows its code to the camera"),
        ]
        text = Text()
        for name, address, about in lines:
            text.append(name, "bold").append(address, "bold cyan").append(f"  {about}\n")
        if is_local:
            text.append("Only this computer opens the phone's page: --lan lets phones on your network.\n", "yellow")
        text.append("Ctrl-C ends the demo.", "dim")
        console.print(Panel(text, title="Ashyq Gate demo", expand=False))

    def answered(reason: str) -> None:
        console.print(Text(reason, "green" if reason == "admitted" else "red"))

    with workplace(keep) as folder:
        plan = WebcamPlan(check_camera(camera), lan, ports, folder)
        report = asyncio.run(play_webcam(plan, SystemClock(), WebcamAudience(opened, answered)))
    counts = ", ".join(f"{reason} {count}" for reason, count in report.answers.most_common()) or "none"
    console.print(f"answers {counts}; the turnstile opened {report.opened} times, {report.passed} went through")
    console.print(f"journal {report.journal_output if report.journal_ok else 'does not verify'}")
    sys.exit(0 if report.journal_ok else 1)


class _JsonPrinter:
    def opened(self, addresses: Addresses) -> None:
        pass

    def seen(self, seen: Seen) -> None:
        click.echo(json.dumps(seen.row()))

    def ended(self, report: Report) -> None:
        click.echo(json.dumps({"summary": report.summary()}))


@dataclass(frozen=True, slots=True)
class _TablePrinter:
    """Prints rows as they happen, so the column widths are fixed."""

    console: Console
    watched: bool

    def opened(self, addresses: Addresses) -> None:
        if self.watched:
            text = Text.assemble(
                ("The stage   ", "bold"),
                (addresses.stage, "bold cyan"),
                "  camera, answer, turnstile on one page\n",
                ("Kiosk page  ", "bold"),
                (addresses.kiosk, "bold cyan"),
                "  what a visitor reads at the gate\n",
                ("Ctrl-C ends the demo, proves the journal and prints a summary.", "dim"),
            )
            self.console.print(Panel(text, title="Ashyq Gate demo", expand=False))
        self._line(Text(f"{'#':>3}  {'shows':<34}{'answer':<21}{'then':<9}opens after", style="bold"))

    def seen(self, seen: Seen) -> None:
        row = Text(f"{seen.person.number:>3}  {seen.person.act.shows:<34}")
        style = {"admitted": "green", "refused": "red"}.get(seen.outcome, "dim")
        row.append(f"{seen.reason or seen.outcome:<21}", style)
        row.append(f"{'through' if seen.passed else 'stayed' if seen.outcome == 'admitted' else '':<9}")
        row.append("" if seen.ms_to_open is None else f"{seen.ms_to_open:8.0f} ms")
        if seen.mismatch():
            row.append("  unexpected", "bold red")
        self._line(row)

    def ended(self, report: Report) -> None:
        refused = report.refused()
        self.console.print()
        self._fact("people", f"{len(report.seen)}: {report.admitted} admitted, {sum(refused.values())} refused")
        if refused:
            self._fact("refused", ", ".join(f"{reason} {count}" for reason, count in refused.items()))
        self._fact("turnstile", f"opened {report.ending.opened} times, {report.ending.strange_bytes} strange bytes")
        if spread := report.summary()["ms_to_open"]:
            assert isinstance(spread, dict)  # noqa: S101 - median and max
            self._fact("code visible to open", f"median {spread['median']:.0f} ms, longest {spread['max']:.0f} ms")
        whole, *_ = report.ending.journal_output.partition(", end ")
        self._fact("journal", whole if report.ending.journal_ok else "does not verify")
        good = not report.mismatches()
        if not good and report.excused:
            self._fact("as expected", "unknown: this machine was too busy", "bold yellow")
        else:
            self._fact("as expected", "yes" if good else "no", "bold green" if good else "bold red")

    def _fact(self, name: str, value: str, style: str = "") -> None:
        self._line(Text.assemble((f"{name:<22}", "dim"), (value, style)))

    def _line(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True)
