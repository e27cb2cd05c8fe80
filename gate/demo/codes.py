"""The authority's side of the demo, and the people's phones: texts of codes.

The real authority and the real wallet make everything except two forgeries: a pass signed with an untrusted key, and a
pass whose colour was changed after it was signed.
"""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import cbor2
from nacl.signing import SigningKey

from gate.authority.authority import Authority
from gate.authority.wallet import Wallet
from gate.core.model import Listing, Status
from gate.demo.cast import AITU, ASHYQ, ROGUE, Pass, PassForm, Person
from gate.passes.aq1_encode import credential_text, encode_credential

DAY, HOUR = 86400, 3600
FIRST_PLACE = 1000
STATUS_CLAIM = -70001
SIGN1_TAG = 18  # COSE_Sign1, RFC 9052
SCREENSHOT_AGE = 150  # seconds: longer than the 30 s for which a presentation is good

NAMES = {
    ASHYQ: {"kk": "Ashyq", "ru": "Ashyq", "en": "Ashyq"},
    AITU: {"kk": "Aitu", "ru": "Aitu", "en": "Aitu"},
}


class Codes:
    """Issuer of the cast's passes.  `now`: Unix s at which the list is published."""

    def __init__(
        self, folder: Path, people: Iterable[Person], now: int, also: Mapping[int, Listing] | None = None
    ) -> None:
        """Set the authority up in `folder`.  `also`: places beside those of the cast.  Raises GateError as
        the authority does."""
        self._now = now
        self._authority = Authority.create(folder, at=now - 30 * DAY)
        for issuer, names in NAMES.items():
            self._authority.add_issuer(issuer, at=now - 30 * DAY, names=names)
        self._authority.set_statuses({**listings(people), **(also or {})} or {FIRST_PLACE: Listing.UNLISTED})
        self._rogue = SigningKey.generate()
        self._credentials: dict[int, bytes] = {}  # by the code's number
        self._wallets: dict[int, Wallet] = {}

    @property
    def root(self) -> Path:
        """Path of root.json, the gate's root of trust."""
        return self._authority.path / "root.json"

    def publish(self, folder: Path) -> None:
        """Publish trust list, rules and statuses into `folder`, as mirrors serve them."""
        self._authority.publish(folder, self._now)

    def text(self, person: Person, at: int) -> str | None:
        """Return the text of their code at `at` (Unix s); None when they show none."""
        holds = person.act.holds
        if not isinstance(holds, Pass):
            return holds
        place = FIRST_PLACE + person.holder
        if holds.form in (PassForm.LIVE, PassForm.SCREENSHOT):
            wallet = self._wallets.get(person.code) or self._wallet(person.code, holds, place)
            return wallet.present(at - SCREENSHOT_AGE if holds.form is PassForm.SCREENSHOT else at)
        if person.code not in self._credentials:
            self._credentials[person.code] = self._credential(holds, place)
        return credential_text(self._credentials[person.code])

    def phone(self, place: int, colour: Status) -> Wallet:
        """Return a phone that holds a bound pass, valid from now on."""
        wallet = Wallet.create()
        wallet.hold(self._authority.issue(AITU, place, colour, self._now, holder=wallet.holder_public))
        return wallet

    def _wallet(self, code: int, holds: Pass, place: int) -> Wallet:
        wallet = self._wallets[code] = Wallet.create()
        wallet.hold(self._issue(holds, place, wallet.holder_public))
        return wallet

    def _credential(self, holds: Pass, place: int) -> bytes:
        if holds.issuer == ROGUE:
            return encode_credential(
                key=self._rogue,
                issuer=ASHYQ,  # a forged issuer id: the key does not match it
                idx=place,
                status=holds.colour,
                issued_at=self._now - HOUR,
                expires_at=self._now + 11 * HOUR,
                token_id=secrets.token_bytes(8),
            )
        holder = Wallet.create().holder_public if holds.form is PassForm.BARE else None
        issued = self._issue(holds, place, holder)
        return recoloured(issued, Status.GREEN) if holds.form is PassForm.EDITED else issued

    def _issue(self, holds: Pass, place: int, holder: bytes | None) -> bytes:
        issued_at = self._now - (2 * DAY if holds.expired else HOUR)
        return self._authority.issue(holds.issuer, place, holds.colour, issued_at, holder=holder)


def recoloured(credential: bytes, colour: Status) -> bytes:
    """Return the credential with another colour and its old signature."""
    protected, unprotected, payload, signature = cbor2.loads(credential).value
    claims = {**cbor2.loads(payload), STATUS_CLAIM: int(colour)}
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, [protected, dict(unprotected), cbor2.dumps(claims), signature]))


def listings(people: Iterable[Person]) -> dict[int, Listing]:
    """Return each person's status in the list.  A person's second pass does not change it."""
    return {
        FIRST_PLACE + person.holder: person.act.holds.listing
        for person in people
        if isinstance(person.act.holds, Pass) and not (person.act.same_code or person.act.same_holder)
    }
