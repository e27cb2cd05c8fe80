"""The people of the demo: the code that each shows, and the answer that a gate at a station must give.  Pure.

A cast is a list of `Person`s, the same for the same seed.  The venue is a station, where a proof is mandatory: only
green enters.  The first dozen already has every family of answers.  The order within is shuffled, except where one
story continues another's.
"""

import random
from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.model import Listing, Status
from gate.core.reason import Reason
from gate.demo.props import Colour, Medium

ASHYQ, AITU, ROGUE = "ashyq", "aitu", "rogue"

SKINS: tuple[Colour, ...] = ((205, 160, 130), (170, 120, 90), (230, 190, 165), (120, 84, 62))
BODIES: tuple[Colour, ...] = ((24, 25, 28), (60, 64, 72), (196, 198, 202), (30, 44, 70))


class PassForm(StrEnum):
    """The form of a pass in a code."""

    PLAIN = "plain"
    LIVE = "live"  # bound to the phone, and signed by it just now
    SCREENSHOT = "screenshot"  # bound, signed by the phone some minutes ago
    BARE = "bare"  # bound, shown without the phone's signature
    EDITED = "edited"  # the colour was changed after it was signed


@dataclass(frozen=True, slots=True)
class Pass:
    issuer: str
    colour: Status  # in the pass
    listing: Listing  # in the published list
    form: PassForm = PassForm.PLAIN
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """One visit in the script."""

    shows: str
    reason: Reason | None  # the answer that the gate must give; None: no answer
    holds: Pass | str | None  # a pass, the text of some other code, or nothing
    medium: Medium = Medium.PHONE
    walks: bool = True  # when admitted: goes through, or turns back
    same_code: bool = False  # shows the code of the act before it in its story
    same_holder: bool = False  # another pass of the person of the act before it in its story


@dataclass(frozen=True, slots=True)
class Person:
    """One visit, cast: the person and their pass."""

    number: int  # 1..N, in the order in which they come
    act: Act
    holder: int  # of the place in the status list
    code: int  # visits with the same number show the same code
    skin: Colour
    body: Colour
    seed: int  # of this visit's hand and background

    @property
    def admitted(self) -> bool:
        return self.act.reason is Reason.ADMITTED

    @property
    def outcome(self) -> str:
        """admitted, refused, or ignored: no code and no answer."""
        return "ignored" if self.act.reason is None else "admitted" if self.admitted else "refused"

    @property
    def passes(self) -> bool:
        """Whether they are expected to go through."""
        return self.admitted and self.act.walks


def _pass(issuer: str, colour: Status, listing: Listing | None = None, form: PassForm = PassForm.PLAIN) -> Pass:
    return Pass(issuer, colour, Listing(colour + 1) if listing is None else listing, form)


_GREEN = _pass(ASHYQ, Status.GREEN)
_GREEN_AITU = _pass(AITU, Status.GREEN)
_LIVE = _pass(AITU, Status.GREEN, form=PassForm.LIVE)

_OPENING = (
    Act("green from ashyq", Reason.ADMITTED, _GREEN),
    Act("the same code again, right behind", Reason.ALREADY_USED, _GREEN, same_code=True),
)
_TURNS_BACK = (
    Act("green from ashyq, then turns back", Reason.ADMITTED, _GREEN, walks=False),
    Act("the same pass, after turning back", Reason.ADMITTED, _GREEN, same_code=True),
)
_FIRST: tuple[Act, ...] = (
    Act("green from aitu", Reason.ADMITTED, _GREEN_AITU),
    Act("bound pass, renewed by the phone", Reason.ADMITTED, _LIVE),
    Act(
        "screenshot of a bound pass",
        Reason.PRESENTATION_STALE,
        _pass(AITU, Status.GREEN, form=PassForm.SCREENSHOT),
    ),
    Act("red", Reason.STATUS_NOT_ADMITTED, _pass(ASHYQ, Status.RED)),
    Act("blue, without a PCR proof", Reason.STATUS_NOT_ADMITTED, _pass(AITU, Status.BLUE)),
    Act("revoked pass", Reason.PASS_REVOKED, _pass(ASHYQ, Status.GREEN, Listing.REVOKED)),
    Act("pass of an issuer nobody knows", Reason.UNKNOWN_ISSUER, _pass(ROGUE, Status.GREEN)),
    Act("a menu's QR", Reason.UNREADABLE, "https://dastarkhan.example/menu?table=12", Medium.CARD),
    Act("nothing", None, None, Medium.DARK),
)
_OTHER_APP = (
    Act("green from aitu, second visitor", Reason.ADMITTED, _GREEN_AITU),
    Act("another pass of the same person", Reason.TOO_SOON, _GREEN, same_holder=True),
)
_SECOND: tuple[Act, ...] = (
    Act("expired pass", Reason.EXPIRED, Pass(ASHYQ, Status.GREEN, Listing.GREEN, expired=True)),
    Act("red pass, edited to green", Reason.BAD_SIGNATURE, _pass(ASHYQ, Status.RED, form=PassForm.EDITED)),
    Act("green, not on the list", Reason.NOT_LISTED, _pass(ASHYQ, Status.GREEN, Listing.UNLISTED)),
    Act("bound pass without the phone", Reason.BINDING_MISSING, _pass(AITU, Status.GREEN, form=PassForm.BARE)),
    Act("green, printed on paper", Reason.ADMITTED, _GREEN, Medium.PAPER),
    Act("green on a cracked phone", Reason.ADMITTED, _GREEN_AITU, Medium.CRACKED),
    Act("bound pass on a dim phone", Reason.ADMITTED, _LIVE, Medium.DIM),
    Act("a Wi-Fi QR", Reason.UNREADABLE, "WIFI:T:WPA;S:Station guests;P:qosh-keldiniz;;", Medium.PHONE),
    Act("yellow, a contact", Reason.STATUS_NOT_ADMITTED, _pass(AITU, Status.YELLOW)),
    Act("green pass, red in today's list", Reason.STATUS_NOT_ADMITTED, _pass(ASHYQ, Status.GREEN, Listing.RED)),
    Act("blue pass, green in today's list", Reason.ADMITTED, _pass(AITU, Status.BLUE, Listing.GREEN)),
)

Story = tuple[Act, ...]


@dataclass(slots=True)
class _Casting:
    """A cast in the making: numbers, holders and codes for acts in their order."""

    rng: random.Random
    people: list[Person] = field(default_factory=list)
    holders: int = 0

    def add(self, act: Act, before: Person | None) -> Person:
        holder, code = self.holders, len(self.people)
        if before is not None and (act.same_code or act.same_holder):
            holder = before.holder
            code = before.code if act.same_code else code
        else:
            self.holders += 1
        person = Person(
            number=len(self.people) + 1,
            act=act,
            holder=holder,
            code=code,
            skin=self.rng.choice(SKINS),
            body=self.rng.choice(BODIES),
            seed=self.rng.getrandbits(32),
        )
        self.people.append(person)
        return person


def cast(people: int, seed: int) -> tuple[Person, ...]:
    """Return `people` visits, the same for the same seed, in rounds of 26; each round has people of its own."""
    casting = _Casting(random.Random(seed))
    while len(casting.people) < people:
        _round(casting)
    return tuple(casting.people[:people])


def _round(casting: _Casting) -> None:
    """Cast a dozen with every family of answers, then the rest; a person who turned back comes again in the second
    half."""
    rng = casting.rng
    turned_back, returns = _TURNS_BACK
    first: list[Story] = [(act,) for act in (*_FIRST, turned_back)]
    rng.shuffle(first)
    second: list[Story] = [*((act,) for act in (*_SECOND, returns)), _OTHER_APP]
    rng.shuffle(second)
    seen: dict[str, Person] = {}
    for story in (_OPENING, *first, *second):
        before: Person | None = seen.get(turned_back.shows) if story == (returns,) else None
        for act in story:
            before = casting.add(act, before)
            seen[act.shows] = before
