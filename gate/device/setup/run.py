"""`gate setup`: by questions on a terminal, or by files of answers."""

from collections.abc import Sequence
from pathlib import Path

import click

from gate.device.config_check import warnings_of
from gate.device.setup.answers import SetupAnswers, find_problems, load, read_answers
from gate.device.setup.devices import SetupPlace
from gate.device.setup.interview import Interview
from gate.device.setup.questions import SetupSession, ask_all
from gate.device.setup.writing import drafting, put, save, saved_answers
from gate.device.templates import VENUES
from gate.doctor.examined import find_lane
from gate.errors import ConfigError, UsageError
from gate.settings.problems import SettingsError


def set_up_by_answers(files: Sequence[Path], output: Path, now: float) -> None:
    """Write the configuration that the answers give.  Raises SettingsError with everything that is wrong or missing;
    then nothing was written.  `now`: system time, Unix seconds."""
    answers = read_answers(files)
    with drafting(output) as draft:
        problems = find_problems(answers, draft, str(files[-1]))
        if problems:
            raise SettingsError(problems)
        warnings = warnings_of(load(draft), now)
        kept = put(answers, output)
    for warning in warnings:
        click.echo(f"warning: {warning.key}: {warning.what}. {warning.hint}")
    _report(output, kept)


def set_up_by_questions(output: Path, root: Path, now: float) -> None:
    """Ask, and write the configuration.  Raises click.Abort when the person ends it: the file that was there is as it
    was, and the answers so far are saved."""
    interview = Interview()
    interview.say(
        f"Setting up {output}. Nothing is written before the end; ? explains a question; Ctrl-C ends, and keeps the "
        "answers."
    )
    answers = _begun(interview, output)
    picture = output.with_name(f"{output.stem}.camera.png")
    try:
        with drafting(output) as draft:
            session = SetupSession(interview, answers, SetupPlace(output.parent, picture), draft, root)
            ask_all(session)
            interview.head("7. The file")
            for warning in warnings_of(load(draft), now):
                interview.say(f"warning: {warning.key}: {warning.what}. {warning.hint}", "  ")
            interview.show(answers.text())
            if not interview.confirm(f"Write {output}", default=True):
                raise click.Abort
    except (click.Abort, KeyboardInterrupt):
        _leave(answers, output)
        raise click.Abort from None
    finally:
        picture.unlink(missing_ok=True)
    kept = put(answers, output)
    saved_answers(output).unlink(missing_ok=True)
    _report(output, kept)


def _begun(interview: Interview, output: Path) -> SetupAnswers:
    """Return the answers to begin with: those of an interrupted setup, or of the configuration that is there."""
    saved = saved_answers(output)
    if saved.is_file() and interview.confirm("Go on with the answers of the setup that was interrupted", default=True):
        try:
            return read_answers([saved])
        except ConfigError as error:
            interview.say(f"They cannot be used: {error}")
    if not output.is_file():
        return SetupAnswers()
    try:
        answers = read_answers([output])
        settings = load(output).settings
    except ConfigError:
        interview.say(f"{output} is there and not good: it is kept as a copy, and nothing of it is offered.")
        return SetupAnswers()
    if find_lane(settings).holds_devices:
        interview.say(
            "The gate runs, and holds its devices: they can be neither tried nor asked. `systemctl stop gate` stops it."
        )
        if not interview.confirm("Go on all the same", default=False):
            raise click.Abort
    category = answers.tables["venue"]["category"]
    answers.setup["venue"] = category if category in VENUES else ""
    interview.say(f"{output} is there: its values are offered, and it is kept as a copy.")
    return answers


def _leave(answers: SetupAnswers, output: Path) -> None:
    click.echo()
    if not any(answers.tables.values()):
        click.echo("Nothing was changed.")
        return
    try:
        click.echo(f"Nothing was changed. The answers so far are in {save(answers, output)}: run `gate setup` again.")
    except OSError as error:
        click.echo(f"Nothing was changed, and the answers could not be saved ({error.strerror}).")


def _report(output: Path, kept: Sequence[Path]) -> None:
    for copy in kept:
        click.echo(f"{copy}: what was there before")
    click.echo(f"{output}: written, and good. Next: gate doctor --config {output}")


def check_terminal(*, is_terminal: bool) -> None:
    """Raise UsageError where nobody can answer questions."""
    if not is_terminal:
        raise UsageError(
            "`gate setup` asks questions, and this is no terminal",
            hint="Give the answers in a file: `gate setup --answers FILE`",
        )
