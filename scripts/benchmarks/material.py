"""Passes, a list and a gate for measurements: all made here, nothing left behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cbor2
from nacl.signing import SigningKey, VerifyKey

from gate.core.decide import Knowledge, decide
from gate.core.lane.modes import Mode
from gate.core.model import Claims, Decision, Direction, Listing, Status
from gate.core.reason import Reason
from gate.core.trust import key_id, parse_trust
from gate.passes.aq1_encode import encode_credential, encode_presentation
from gate.passes.cose import to_be_signed
from gate.passes.verifier import Verifier
from gate.store.admission import Admission, Presented
from gate.store.apply_list import apply
from gate.store.database import File, open_for_writing
from gate.store.list_reader import StatusList
from gate.store.pseudonyms import Secrets
from gate.store.redemptions import Redemptions
from gate.testing import builders
from gate.testing.builders import KEY, NOW

PEOPLE = 100_000
VENUE = "ala-t2"
HOLDER, STRANGER = (SigningKey(bytes(range(first, first + 32))) for first in (32, 64))


def credential(
    *, idx: int = 7, key: SigningKey = KEY, bound: bool = False, issued_at: int = NOW - 60, lifetime: int = 3600
) -> bytes:
    return encode_credential(
        key=key,
        issuer="ashyq",
        idx=idx,
        status=Status.GREEN,
        issued_at=issued_at,
        expires_at=issued_at + lifetime,
        token_id=idx.to_bytes(8, "big"),
        holder=bytes(HOLDER.verify_key) if bound else None,
    )


def presentation(*, key: SigningKey = HOLDER, presented_at: int = NOW, audience: str | None = None) -> bytes:
    return encode_presentation(
        holder_key=key, credential=credential(bound=True), presented_at=presented_at, audience=audience
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """The input of a bare verification: the floor of any signed pass."""

    key: VerifyKey
    message: bytes
    signature: bytes

    @classmethod
    def of(cls, whole: bytes, key: SigningKey) -> "Signed":
        """Return the signed parts of a COSE_Sign1 message."""
        protected, _, payload, signature = cbor2.loads(whole).value
        return cls(key.verify_key, to_be_signed(protected, payload), signature)

    def verify(self) -> None:
        self.key.verify(self.message, self.signature)


def costly() -> bytes:
    """Return the costliest known bytes: the most tagged items that a QR code can hold, in an unknown claim."""
    body = cbor2.dumps({1: "ashyq", 4: NOW + 9, 6: NOW, 7: bytes(8), -70001: 3, -70002: 7, "x": None})[:-1]
    room = 880
    body += b"\x99" + room.to_bytes(2, "big") + b"\xd8\x63\x80" * room
    protected = cbor2.dumps({1: -8, 4: key_id(bytes(STRANGER.verify_key))})
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, body, bytes(64)]))


def verifier() -> Verifier:
    return Verifier(parse_trust(builders.trust_json()), venue=VENUE)


class Gate:
    """A gate's list and journal in `state_dir`, with everybody on the list green."""

    def __init__(self, state_dir: Path) -> None:
        everybody = dict.fromkeys(range(PEOPLE), Listing.GREEN)
        apply(builders.publication(everybody, size=PEOPLE), state_dir)
        self._verifier = verifier()
        self._policy = builders.policy()
        self._status = StatusList(state_dir)
        self._status.refresh()
        rules = self._status.state.rules
        self._rules = rules.at_venue(self._policy.venue) if rules else None
        self._admission = Admission(state_dir, self._status, self._policy)
        self._lane = open_for_writing(File.LANE, state_dir)
        self._redemptions = Redemptions(self._lane, Secrets(self._lane), self._policy.reuse_after)
        self._shown = Presented("bench", Direction.ENTRY, Mode.ENFORCE, 0)
        self._next = 1000

    def decide(self, text: str) -> Decision:
        """Decide on a text: verify, look up, rules.  Nothing is recorded."""
        claims = self._verifier.verify(text, NOW)
        listing, state = self._status.consult(claims.idx), self._status.state
        return decide(claims, listing, Knowledge(state.version, state.as_of, self._rules), self._policy, NOW)

    def judge(self, text: str) -> Decision:
        """Decide, and check whether this code or this person was here a short while ago."""
        claims = self._verifier.verify(text, NOW)
        listing, state = self._status.consult(claims.idx), self._status.state
        decision = decide(claims, listing, Knowledge(state.version, state.as_of, self._rules), self._policy, NOW)
        return self._redemptions.check(claims, decision, NOW)

    def admit(self) -> None:
        """Admit one more person: look up, decide, redeem, journal, COMMIT."""
        self._next += 1
        claims = Claims("aq1", "ashyq", self._next.to_bytes(8, "big"), self._next, Status.GREEN, NOW - 60, NOW + 3600)
        if self._admission.admit(claims, self._shown, NOW).decision.reason is not Reason.ADMITTED:
            raise RuntimeError("somebody on the list was not admitted")

    def keep_end(self) -> None:
        """Do the work that a lane does after its answer."""
        self._admission.keep_end()

    def settle(self, people: int) -> None:
        """Fill lane.db-wal as a first morning does: it has its size, is checkpointed, and is written from its
        beginning."""
        for _ in range(people + people // 4):
            self.admit()
        self._admission.tidy(NOW)

    def close(self) -> None:
        self._lane.close()
        self._admission.close()
        self._status.close()


@contextmanager
def gate(parent: Path) -> Iterator[tuple[Gate, Path]]:
    """Yield a gate whose state lies in a folder of its own below `parent`, and that folder."""
    with TemporaryDirectory(prefix="gate-bench-", dir=parent) as folder:
        it = Gate(Path(folder))
        try:
            yield it, Path(folder)
        finally:
            it.close()
