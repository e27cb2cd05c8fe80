"""The gate's answer without a write: for `gate verify`, beside a running lane or without one."""

import sqlite3

from gate.core.decide import Knowledge, Policy, decide
from gate.core.model import Claims, Decision, Listing, Status
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store.database import File, open_for_reading, unusable
from gate.store.list_reader import ListState, StatusList
from gate.store.places import Places, Where
from gate.store.pseudonyms import Secrets
from gate.store.redemptions import Redemptions


class Preview:
    """A read-only judge.  Raises StoreError or PublishError when the gate's files are damaged."""

    def __init__(self, where: Where, policy: Policy) -> None:
        self._policy = policy
        state_dir = Places.of(where).state_dir
        self._lane = File.LANE.within(state_dir)
        self._status = StatusList(where)
        self._status.refresh()
        self._connection = open_for_reading(File.LANE, state_dir)  # None: nothing was used yet

    @property
    def state(self) -> ListState:
        return self._status.state

    def decide(self, claims: Claims, at: float) -> Decision:
        """Return the decision on these claims.  `at`: Unix s."""
        self._status.refresh()
        listing, state = self._status.consult(claims.idx), self._status.state
        rules = state.rules.at_venue(self._policy.venue) if state.rules else None
        decision = decide(claims, listing, Knowledge(state.version, state.as_of, rules), self._policy, at)
        if not decision.admitted or self._connection is None:
            return decision
        try:
            uses = Redemptions(self._connection, Secrets(self._connection), self._policy.reuse_after)
            return uses.check(claims, decision, at)
        except sqlite3.Error as error:
            raise unusable(self._lane, error) from error
        except LookupError as error:
            raise StoreError(f"{self._lane}: has no redemption key", hint="Start `gate run` once") from error

    def decide_place(self, idx: int, at: float) -> tuple[Listing, Decision]:
        """Return a person's listing, and the decision on them without a pass, by the list alone.  `at`: Unix s."""
        self._status.refresh()
        listing = self._status.consult(idx)
        claims = Claims("staff", "", b"", idx, Status.RED, issued_at=0, expires_at=0)  # older than any list
        decision = self.decide(claims, at)
        if listing is Listing.UNLISTED and decision.reason is Reason.STATUS_NOT_ADMITTED:
            return listing, Decision(Reason.NOT_LISTED)  # `use_pass`: there is no pass whose colour could hold
        return listing, decision

    def close(self) -> None:
        self._status.close()
        if self._connection is not None:
            self._connection.close()
