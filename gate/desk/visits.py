"""A browser before anybody has signed in: a signed ticket, which the sign-in must bring back.

The ticket is in a cookie and in the page that came with it, so another site's page cannot sign its own user in here.
"""

import hmac
import secrets

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import Response

from gate.core.language import LANGUAGES
from gate.desk.calls import TOKEN, CallRefusedError

VALID_FOR = 12 * 3600  # seconds from loading the page: a tablet may lie there for a shift
LANGUAGE_FOR = 400 * 86_400  # seconds: as long as browsers keep a cookie
LANGUAGE_COOKIE = "desk-language"

_COOKIE = "desk-visit"


class Visits:
    """The tickets of one desk: none is kept here."""

    def __init__(self, *, is_encrypted: bool) -> None:
        self._signer = TimestampSigner(secrets.token_bytes(32), salt="visit")
        self._is_encrypted = is_encrypted

    def begin(self, request: Request, answer: Response) -> str:
        """Return the browser's ticket, for the page.  A browser without one gets it; two tabs have the same."""
        if self._is_good(ticket := request.cookies.get(_COOKIE, "")):
            return ticket
        ticket = self._signer.sign(secrets.token_urlsafe(18)).decode()
        secure = self._is_encrypted
        answer.set_cookie(_COOKIE, ticket, VALID_FOR, path="/desk", secure=secure, httponly=True, samesite="strict")
        return ticket

    def check(self, request: Request) -> None:
        """Raise CallRefusedError for a sign-in without its ticket."""
        ticket, brought = request.cookies.get(_COOKIE, ""), request.headers.get(TOKEN, "")
        if not (hmac.compare_digest(ticket.encode(), brought.encode()) and self._is_good(ticket)):
            raise CallRefusedError(403, "no_token")

    def _is_good(self, ticket: str) -> bool:
        try:
            self._signer.unsign(ticket, max_age=VALID_FOR)
        except BadSignature:
            return False
        return True


def language_of(request: Request, languages: tuple[str, ...]) -> str:
    """Return the language that this browser was last set to, or the venue's first."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else languages[0]


def client_of(request: Request) -> str:
    """Return the address that asks; a forwarded one is not believed."""
    return request.client.host if request.client else ""
