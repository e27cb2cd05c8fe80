"""`gate verify`: the gate's decision on a pass, and its reason, without side effects."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from gate.cli.read import SUFFIXES
from gate.cli.where import config_as_given, config_file
from gate.core.kept_time import Kept
from gate.core.model import CertificateClaims, Claims, Decision, Refused
from gate.core.reason import Reason, blame_clock
from gate.core.trust import NO_ISSUERS, TrustList, parse_trust
from gate.core.trusted_time import ClockTrust
from gate.errors import GateError, PictureError, UsageError
from gate.passes.shc_parts import join_parts
from gate.passes.verifier import Verifier
from gate.registry import decoder
from gate.runtime.clock import GateClock, SystemClock
from gate.settings.load import load_tables
from gate.state import answered_in, trusted_clock
from gate.store.preview import Preview
from gate.texts.catalogue import reason_words


@dataclass(frozen=True, slots=True)
class VerifyAnswer:
    """The gate's decision on one text."""

    decision: Decision
    claims: Claims | None = None

    @property
    def accepted(self) -> bool:
        return self.decision.admitted or self.decision.reason is Reason.VERIFIED

    def facts(self) -> dict[str, Any]:
        """Return the stable JSON format: outcome and reason; for an accepted pass also its content."""
        facts: dict[str, Any] = {
            "outcome": "accept" if self.accepted else "reject",
            "reason": self.decision.reason.value,
        }
        if self.accepted and self.claims:
            facts |= _content(self.claims)
        if self.decision.rule:
            facts["rule"] = self.decision.rule
        if self.decision.detail:
            facts["detail"] = self.decision.detail
        return facts


def _content(claims: Claims) -> dict[str, Any]:
    if not isinstance(claims, CertificateClaims):
        status = claims.status.colour if claims.status is not None else None
        return {"status": status, "issuer": claims.issuer, "idx": claims.idx, "bound": claims.bound}
    stated = [
        {name: value for name, value in asdict(one).items() if value not in (None, "", 0)} for one in claims.evidence
    ]
    return {"format": claims.format, "issuer": claims.issuer, "evidence": stated}


class PassExaminer:
    """Judges the pass alone, or by everything on this gate, its clock included."""

    def __init__(self, verifier: Verifier, preview: Preview | None, clock: GateClock, *, has_trust: bool) -> None:
        self._verifier = verifier
        self._preview = preview
        self._clock = clock
        self._has_trust = has_trust

    def check(self, text: str, at: int | None) -> VerifyAnswer:
        """Judge a text.  `at`: Unix seconds; None: now."""
        doubted = at is None and self._clock.standing() is not ClockTrust.TRUSTED
        if at is None:
            if self._clock.standing() is ClockTrust.UNTRUSTED:
                return VerifyAnswer(Decision(Reason.CLOCK_UNTRUSTED))
            at = int(self._clock.now())
        try:
            claims = self._verifier.verify(text, at)
        except Refused as refused:
            missing = refused.reason is Reason.UNKNOWN_ISSUER and not self._has_trust
            reason = Reason.LIST_MISSING if missing else refused.reason
            if doubted:
                reason = blame_clock(reason)
            return VerifyAnswer(Decision(reason, detail=refused.detail))
        if self._preview is None:
            return VerifyAnswer(Decision(Reason.VERIFIED), claims)
        return VerifyAnswer(self._preview.decide(claims, at), claims)


@click.command()
@click.argument("what", metavar="TEXT|IMAGE|-")
@click.option("--pass-only", is_flag=True, help="Check the pass alone: no list, no rules, no earlier use.")
@click.option("--trust", type=click.Path(path_type=Path), help="With --pass-only: the trust.json of the issuers.")
@config_as_given("--config", "config")
@click.option("--at", type=int, help="Check for this time (Unix seconds), in place of now.")
@click.option("--jsonl", is_flag=True, help='Read {"id","qr","at"} lines from stdin; print a line for each, in order.')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def verify(
    what: str, pass_only: bool, trust: Path | None, config: Path | None, at: int | None, jsonl: bool, as_json: bool
) -> None:
    """Show the decision on a pass; change nothing.

    With its reason: by the list, the rules and the earlier uses of this gate, or by the pass alone.
    TEXT is the text of the QR code, IMAGE a picture of it, - reads the text from stdin.
    Exit 0 when the gate would accept it, 1 when it would refuse it, 2 when there is nothing to judge; with --jsonl
    0 when every line was checked.

    \b
    Examples: gate verify photo.jpg --config gate.toml
              gate verify --pass-only --trust trust.json --jsonl - < passes.jsonl
    """
    examiner = _examiner(pass_only, trust, config)
    if jsonl:
        if what != "-":
            raise UsageError("--jsonl reads stdin", hint="Write: gate verify ... --jsonl -")
        sys.exit(_lines(examiner, at))
    answers = [examiner.check(text, at) for text in _texts(what)]
    passes = [answer for answer in answers if answer.decision.reason is not Reason.UNREADABLE]
    shown = passes or answers[:1]  # ignores the code of a menu beside the pass
    for answer in shown:
        click.echo(json.dumps(answer.facts(), default=str) if as_json else _words(answer))
    sys.exit(0 if any(answer.accepted for answer in shown) else 1)


def _examiner(pass_only: bool, trust: Path | None, config: Path | None) -> PassExaminer:
    if pass_only:
        if trust is None:
            raise UsageError("--pass-only needs a trust list", hint="Add --trust trust.json")
        clock = GateClock(SystemClock(), Kept(), untrusted_for=0.0)  # no gate: only the system clock
        return PassExaminer(Verifier(_trust(trust), venue=None), None, clock, has_trust=True)
    settings = load_tables(config_file(config))
    where = answered_in(settings.paths)
    preview = Preview(where, settings.policy)
    trust_list = preview.state.trust if trust is None else _trust(trust)
    verifier = settings.verifier(trust_list or NO_ISSUERS)
    clock = trusted_clock(where, settings.clock.untrusted_for)
    return PassExaminer(verifier, preview, clock, has_trust=trust_list is not None)


def _trust(path: Path) -> TrustList:
    try:
        return parse_trust(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="Give the trust list's file") from error


def _texts(what: str) -> list[str]:
    """Return the codes to judge; [""] for a picture without one."""
    if what == "-":
        return [sys.stdin.read().removesuffix("\n").removesuffix("\r")]
    if not _is_there(what):
        if Path(what[-8:]).suffix.lower() in SUFFIXES:  # no pass ends like a picture's name
            raise UsageError(f"{what}: there is no such file", hint="Give a picture's path, or the text of a code")
        return [what]
    try:
        texts = decoder().read_file(Path(what)).texts
    except PictureError as error:  # its exit code would say that the gate refuses
        raise UsageError(error.what, hint=error.hint) from error
    if not texts:
        click.echo(f"gate: {what}: no QR code found in it", err=True)
    return join_parts(texts) or [""]


def _is_there(what: str) -> bool:
    """Return whether it names a file of any kind; the decoder reports a directory or a pipe."""
    try:
        return Path(what).exists()
    except (OSError, ValueError):  # a pass is no file name: too long, or worse
        return False


def _lines(examiner: PassExaminer, at: int | None) -> int:
    """Answer every line; return the exit code."""
    failed = 0
    for number, line in _stdin_lines():
        try:
            question = json.loads(line)
            text = _field(question, "qr", str)
            answer = examiner.check(text, _field(question, "at", int) if "at" in question else at)
            reply = {"id": question.get("id")} | answer.facts()
        except (ValueError, TypeError, RecursionError) as error:
            failed = 1
            reply = {"line": number, "error": f"not a question: {error}"}
            click.echo(
                f'gate: line {number}: {error}. A line reads {{"id": ..., "qr": "...", "at": 1800000000}}', err=True
            )
        except GateError as error:
            failed = 1
            reply = {"id": question.get("id"), "outcome": "reject", "reason": Reason.STORAGE_FAILED.value}
            click.echo(f"gate: line {number}: {error}", err=True)
        click.echo(json.dumps(reply, default=str))
    return failed


def _stdin_lines() -> Iterator[tuple[int, str]]:
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            yield number, line


def _field(question: Any, name: str, kind: type) -> Any:
    if not isinstance(question, dict):
        raise TypeError("it is not an object")
    value = question.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{name!r} is missing or not {'a number' if kind is int else 'a text'}")
    return value


def _words(answer: VerifyAnswer) -> str:
    words = reason_words(answer.decision.reason, "en")
    mark = click.style("✓", fg="green") if answer.accepted else click.style("✗", fg="red")
    facts = answer.facts()
    details = [f"{name} {facts[name]}" for name in ("issuer", "status", "bound", "rule", "detail") if name in facts]
    about = f"  ({', '.join(details)})" if details else ""
    return f"{mark} {answer.decision.reason.value}: {words.headline}. {words.advice}{about}"
