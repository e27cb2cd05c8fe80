"""Which role may send which request: the lane checks it, and pages offer what it allows."""

from collections.abc import Mapping
from types import MappingProxyType

from gate.control.requests import (
    AcceptRequest,
    AdmitRequest,
    CheckRequest,
    ExtendRequest,
    GiveBackRequest,
    InsideRequest,
    LockedOutRequest,
    ModeRequest,
    OutputRequest,
    PartsRequest,
    PictureRequest,
    RecentRequest,
    Request,
    ResetRequest,
    SignedInRequest,
    SignedOutRequest,
    StatusRequest,
    WatchRequest,
)
from gate.core.lane.modes import Mode
from gate.core.staff_role import StaffRole

_ALL = frozenset(StaffRole)
_AT_THE_LANE = frozenset({StaffRole.GUARD, StaffRole.SUPERVISOR})
_SUPERVISOR = frozenset({StaffRole.SUPERVISOR})
_TECHNICIAN = frozenset({StaffRole.TECHNICIAN})

_MAY: Mapping[type[Request], frozenset[StaffRole]] = MappingProxyType(
    {
        **dict.fromkeys((StatusRequest, WatchRequest, RecentRequest), _ALL),
        **dict.fromkeys((SignedInRequest, SignedOutRequest, LockedOutRequest), _ALL),
        **dict.fromkeys((CheckRequest, AdmitRequest, GiveBackRequest, ExtendRequest, ResetRequest), _AT_THE_LANE),
        InsideRequest: _SUPERVISOR,
        **dict.fromkeys((PartsRequest, OutputRequest, PictureRequest, AcceptRequest), _TECHNICIAN),
    }
)
_MAY_ORDER: Mapping[Mode, frozenset[StaffRole]] = MappingProxyType(
    {
        Mode.LOCKED_DOWN: _SUPERVISOR,
        Mode.FREE: _SUPERVISOR,
        Mode.OUT_OF_SERVICE: _SUPERVISOR,
        Mode.MAINTENANCE: _TECHNICIAN,
    }
)


def may_send(role: StaffRole, request: Request) -> bool:
    """Return whether a user of this role may send this request."""
    if not isinstance(request, ModeRequest):
        return role in _MAY.get(type(request), ())
    if role is StaffRole.GUARD:  # with an end, an order could take one without an end back
        return request.mode is Mode.LOCKED_DOWN and request.on and request.until is None
    return role in _MAY_ORDER.get(request.mode, ())
