"""`scripts/bench decide`: the cost of a decision, in units of its one indispensable signature check."""

import os
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
from material import HOLDER, STRANGER, VENUE, Gate, Signed, costly, credential, gate, presentation, verifier
from measure import Series, by_turns, in_fresh_processes
from report import Figure, medians, show

from gate.core.model import Refused
from gate.core.reason import Reason
from gate.errors import GateError
from gate.passes import base45
from gate.passes.aq1_encode import credential_text
from gate.testing.builders import KEY, NOW

CALLS = 8  # of one task in a row
PROCESSES = 5
IDLE = 0.020  # seconds
ROW = os.urandom(300)  # about the size of a journal row


@click.command("decide")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--rounds", type=click.IntRange(min=50, max=10_000), default=600, show_default=True, help="More is calmer."
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    default="/var/tmp",  # noqa: S108 - a private folder is made in it
    show_default=True,
    help="Where the gate's state lies during the run: the disk that is measured.",
)
def command(as_json: bool, rounds: int, folder: Path) -> None:
    """What a decision costs: V is one hot PyNaCl verification.  Takes about half a minute."""
    runs = in_fresh_processes(PROCESSES, partial(measure, rounds // PROCESSES, folder))
    show("A decision, in units of one signature check (V)", medians(runs), as_json=as_json)


def measure(rounds: int, folder: Path) -> list[Figure]:
    try:
        figures = passes(rounds)
        with gate(folder) as (it, state_dir):
            figures += [*decisions(it, rounds), *refusals(it, rounds // 2), *after_idling(it, rounds // 2)]
            figures += admissions(it, state_dir, rounds)
    except GateError as error:  # it cannot be pickled on the way back from another process
        raise click.ClickException(str(error)) from error
    return figures


def passes(rounds: int) -> list[Figure]:
    """Measure text -> claims, against the signatures alone."""
    check = verifier()
    plain, bound = credential(), presentation()
    issuers, holders = Signed.of(credential(bound=True), KEY), Signed.of(bound, HOLDER)

    def two_verifies() -> None:
        issuers.verify()
        holders.verify()

    one = by_turns(
        {"V": Signed.of(plain, KEY).verify, "claims": partial(check.verify, credential_text(plain), NOW)},
        rounds=rounds,
        calls=CALLS,
    )
    two = by_turns(
        {"2 V": two_verifies, "claims": partial(check.verify, credential_text(bound), NOW)}, rounds=rounds, calls=CALLS
    )
    return [
        *_spread("verify", one["V"], "One hot verification: V"),
        *_against_v("text_to_claims", one["claims"], one["V"], "Text to claims", most=1.20),
        Figure(
            "two_signatures_vs_two_verifies",
            two["claims"].ratio(two["2 V"]),
            "Text to claims of a bound pass, against 2 V",
            most=1.15,
        ),
        *_spread("two_signatures", two["claims"], "Text to claims of a bound pass"),
    ]


PLAIN_REFUSALS = {
    "another code": "https://example.org/menu",
    "as long as a code can be, not CBOR": "AQ1:" + base45.encode(b"\xd2\x84" + b"\xff" * 2859),
    "cut off": credential_text(credential())[:-9],
    "unknown issuer": credential_text(credential(key=STRANGER)),
    "bad signature": credential_text(credential()[:-1] + b"\0"),
    "expired": credential_text(credential(issued_at=NOW - 7200)),
    "lives too long": credential_text(credential(lifetime=100_000)),
}
BOUND_REFUSALS = {
    "bare": credential_text(credential(bound=True)),
    "stale": credential_text(presentation(presented_at=NOW - 300, audience=VENUE)),
    "another venue": credential_text(presentation(audience="ala-t1")),
    "not its holder": credential_text(presentation(key=STRANGER, audience=VENUE)),
}


def refusals(it: Gate, rounds: int) -> list[Figure]:
    """Measure the costliest refusal of each kind of pass, against the pass that is admitted."""
    made_up = Series()
    made_up.run(partial(_answer, it, credential_text(costly())), rounds)
    return [
        _dearest(it, "plain", credential_text(credential()), PLAIN_REFUSALS, rounds),
        _dearest(it, "bound", credential_text(presentation(audience=VENUE)), BOUND_REFUSALS, rounds),
        Figure(
            "costliest_text_us_p50", made_up.percentile(50) / 1000, "The costliest text we could make up", unit="µs"
        ),
    ]


def _dearest(it: Gate, kind: str, good: str, refused: Mapping[str, str], rounds: int) -> Figure:
    texts = {"good": good, **refused}
    for name, text in texts.items():
        if (_answer(it, text) is Reason.ADMITTED) is not (name == "good"):
            raise RuntimeError(f"the pass {name!r} is {_answer(it, text)}")
    took = by_turns({name: partial(_answer, it, text) for name, text in texts.items()}, rounds=rounds, calls=CALLS)
    ratio, name = max((took[name].ratio(took["good"]), name) for name in refused)
    return Figure(
        f"dearest_{kind}_refusal_vs_admitted",
        ratio,
        f"Dearest refusal of a {kind} pass ({name}), against admitting one",
        most=1.0,
    )


def _answer(it: Gate, text: str) -> Reason:
    try:
        return it.decide(text).reason
    except Refused as refusal:
        return refusal.reason


def decisions(it: Gate, rounds: int) -> list[Figure]:
    """Measure text -> decision, in one run: hot."""
    plain = credential()
    text = credential_text(plain)
    took = by_turns(
        {"V": Signed.of(plain, KEY).verify, "decision": partial(it.decide, text), "reuse": partial(it.judge, text)},
        rounds=rounds,
        calls=CALLS,
    )
    return [
        *_against_v("decision", took["decision"], took["V"], "Text to decision", most=1.40),
        Figure(
            "judgement_vs_verify", took["reuse"].ratio(took["V"]), "With the question whether it was used, against V"
        ),
    ]


def after_idling(it: Gate, rounds: int) -> list[Figure]:
    """Measure a decision after 20 ms of idling, as between two people; with and without a dummy just before it.

    The unit is one signature check after the same 20 ms, which no idle process can avoid."""
    plain, warming = credential(), credential_text(credential(idx=8))
    text, bare = credential_text(plain), Signed.of(plain, KEY)
    hot, cold_verify, cold, warmed = Series(), Series(), Series(), Series()
    for _ in range(rounds):
        hot.run(bare.verify, CALLS)
        time.sleep(IDLE)
        cold_verify.run(bare.verify, 1)
        time.sleep(IDLE)
        cold.run(partial(it.decide, text), 1)
        time.sleep(IDLE)
        it.decide(warming)
        warmed.run(partial(it.decide, text), 1)
    return [
        Figure("verify_idle_vs_verify", cold_verify.ratio(hot), "One check after 20 ms of idling, against V"),
        Figure("decision_idle_vs_verify", cold.ratio(cold_verify), "Text to decision after 20 ms, against that check"),
        Figure(
            "decision_prewarmed_vs_verify",
            warmed.ratio(cold_verify),
            "With a dummy decision just before it, against that check",
            most=1.0,
        ),
        Figure(
            "decision_prewarmed_vs_hot_verify", warmed.ratio(hot), "With a dummy decision just before it, against V"
        ),
    ]


def admissions(it: Gate, state_dir: Path, rounds: int) -> list[Figure]:
    """Measure look-up, decision, redemption, journal and COMMIT, against writing one row to a file and to its disk;
    and the work that a lane does after its answer."""
    it.settle(rounds)
    file = os.open(state_dir / "rows", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write() -> None:
        os.write(file, ROW)
        os.fdatasync(file)

    took = {"write": Series(), "admission": Series(), "after": Series()}
    try:
        for number in range(rounds):
            for name in ("write", "admission", "after") if number % 2 else ("admission", "after", "write"):
                took[name].run({"write": write, "admission": it.admit, "after": it.keep_end}[name], 1)
    finally:
        os.close(file)
    return [
        Figure(
            "admission_vs_fdatasync",
            took["admission"].ratio(took["write"]),
            "Admission, against write + fdatasync",
            most=1.1,
        ),
        *_spread("admission", took["admission"], "Admission"),
        *_spread("fdatasync", took["write"], "Write + fdatasync"),
        *_spread("after", took["after"], "Work after the answer: the journal's end outside of lane.db"),
    ]


def _against_v(key: str, series: Series, v: Series, what: str, *, most: float) -> list[Figure]:
    slowest = series.percentile(99) / v.percentile(99)
    return [
        Figure(f"{key}_vs_verify", series.ratio(v), f"{what}, against V", most=most),
        Figure(f"{key}_p99_vs_verify_p99", slowest, "The slowest of a hundred, against that of V", most=1.50),
        *_spread(key, series, what),
    ]


def _spread(key: str, series: Series, what: str) -> list[Figure]:
    return [
        Figure(f"{key}_us_p{percent}", series.percentile(percent) / 1000, f"{what}: {name}", unit="µs")
        for percent, name in ((50, "median"), (99, "slowest of a hundred"))
    ]
