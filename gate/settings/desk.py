"""The pages of staff: the tables [desk] and [[desk.user]]."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from gate.core.staff_role import StaffRole
from gate.ports.driver import Duration
from gate.settings.addresses import host_and_port, is_loopback
from gate.settings.paths import DEFAULT_STATE
from gate.settings.tables import DAY, TABLES, Name, Table, wrong

MOST_USERS = 200
DEFAULT_DESK_STATE = Path("/var/lib/gate-desk")

_PIN = re.compile(r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}")
_MOST_MEMORY, _MOST_ROUNDS = 131_072, 12  # KiB, and passes over it: a Pi is to check a PIN in a second
_BY_COMMAND = "Take the table that `gate desk pin --name NAME --role ROLE` prints"


class DeskUser(Table):
    """A person who may sign in."""

    name: Annotated[
        Name,
        Field(
            description="number or short name, by which the person signs in; it is in the journal, so no full names",
            examples=["guard-07"],
        ),
    ]
    role: Annotated[
        StaffRole,
        Field(
            description='"guard": the lane, check by IIN, admit, more time, lockdown on, alarm reset; "supervisor": '
            'also lockdown off, free, out of service, count inside, reports; "technician": maintenance, tests, logs, '
            "and no IIN",
            examples=[StaffRole.GUARD],
        ),
    ]
    pin: Annotated[
        str,
        Field(
            description="hash of the PIN; `gate desk pin --name N --role R` reads the PIN and prints the whole table",
            examples=["$argon2id$v=19$m=65536,t=2,p=1$…$…"],
        ),
    ]

    @field_validator("pin")
    @classmethod
    def _is_hash(cls, value: str) -> str:
        if not (found := _PIN.fullmatch(value)):
            raise wrong("this is no argon2id hash; a PIN itself is not written here", _BY_COMMAND)
        if int(found[1]) > _MOST_MEMORY or int(found[2]) > _MOST_ROUNDS:
            raise wrong("this hash takes too much memory or time to check", _BY_COMMAND)
        return value


class DeskTable(Table):
    """The pages of staff and technicians (`gate desk`).  Without `listen` there are none."""

    listen: Annotated[
        str | None,
        Field(
            description="host:port of the pages; another address than loopback needs tls, or cert and key",
            examples=["127.0.0.1:8443"],
        ),
    ] = None
    tls: Annotated[
        Literal["self"] | None,
        Field(
            description='"self": a certificate that this device makes; `gate desk fingerprint` prints how to know it',
            examples=["self"],
        ),
    ] = None
    cert: Annotated[
        Path | None,
        Field(
            description="a certificate of your own, PEM, with those above it; a relative path starts at this file's "
            "folder",
            examples=["/etc/gate/desk.crt"],
        ),
    ] = None
    key: Annotated[
        Path | None,
        Field(description="its key, PEM, without a passphrase", examples=["/etc/gate/desk.key"]),
    ] = None
    hosts: Annotated[
        tuple[str, ...],
        Field(
            description="names and addresses by which browsers reach the pages, beside the one in listen; a request "
            "for any other is refused; needed where listen is 0.0.0.0"
        ),
    ] = ()
    idle: Annotated[
        Duration,
        Field(
            ge=5,
            le=DAY,
            description="time without a touch or key after which the screen is locked until the PIN is given; only "
            "lockdown remains; 10 min is a walk around the hall",
        ),
    ] = 600.0
    state_dir: Annotated[
        Path | None,
        Field(
            description="folder of the desk: its certificate, and who is locked out.  If left out: /var/lib/gate-desk "
            "for the default [device] state_dir, which gate-desk.service makes, and desk/ in any other; a relative "
            "path starts at this file's folder",
            examples=["/var/lib/gate-desk"],
        ),
    ] = None
    user: Annotated[
        tuple[DeskUser, ...],
        TABLES,
        Field(max_length=MOST_USERS, description="people who may sign in, a table each"),
    ] = ()

    @field_validator("listen")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None:
            host, port = host_and_port(value)
            if port is None or not _is_ip(host):
                raise wrong(f'"{value}" is not address:port', 'Write "127.0.0.1:8443", or this device\'s own address')
        return value

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not (re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", host) or _is_ip(host)):
                raise wrong(f'"{host}" is no name of a host', 'Write "gate-7.local" or "192.168.7.2", without a port')
        return value

    @field_validator("user")
    @classmethod
    def _each_once(cls, value: tuple[DeskUser, ...]) -> tuple[DeskUser, ...]:
        names = [user.name.lower() for user in value]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise wrong(f'"{twice}" is two users', "Give each person a name of their own")
        return value

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if (self.cert is None) != (self.key is None):
            missing = "key" if self.key is None else "cert"
            raise wrong(f"{missing} is missing", 'Write both cert and key, or tls = "self"', key=missing)
        if self.cert and self.tls:
            raise wrong("there are two certificates", 'Keep tls = "self", or cert and key', key="tls")
        if self.listen and not is_loopback(self.host) and not self.is_encrypted:
            raise wrong(
                f'"{self.host}" is reachable from outside this device, and PINs would go there in the clear',
                'Add tls = "self", or listen on 127.0.0.1',
                key="listen",
            )
        return self

    @property
    def is_encrypted(self) -> bool:
        return self.tls is not None or self.cert is not None

    @property
    def host(self) -> str:
        """The host without the brackets of an IPv6 address."""
        return host_and_port(self.listen or "")[0]

    @property
    def port(self) -> int:
        return host_and_port(self.listen or "")[1] or 0


def desk_state_of(desk: DeskTable, state_dir: Path) -> Path:
    """Return the desk's own folder, configured or default."""
    return desk.state_dir or (DEFAULT_DESK_STATE if state_dir == DEFAULT_STATE else state_dir / "desk")


def _is_ip(host: str) -> bool:
    try:
        return host == "localhost" or bool(ip_address(host))
    except ValueError:
        return False
