"""The tables of a configuration file: one model each, with keys, defaults, units and limits.

An unknown key is an error, and so is a value of the wrong type.  Device tables (`[[reader]]`,
`[barrier]`, `[[input]]`, `[[feedback]]`) belong to the driver they name, whose own model holds their keys
(see `gate.settings.load`).  In code a duration is a float in seconds.
"""

import zoneinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    SerializeAsAny,
    field_validator,
    model_validator,
)

from gate.core.decide import Policy, Unlisted
from gate.core.language import LANGUAGES, Language
from gate.core.rules import Venue
from gate.core.staleness import AgeLimits
from gate.core.trust import TrustList
from gate.passes.verifier import Verifier
from gate.ports.driver import DriverConfig, Duration, show_duration
from gate.ports.inputs import InputConfig
from gate.ports.reader import ReaderConfig
from gate.settings.addresses import is_mirror
from gate.settings.desk import DeskTable
from gate.settings.kiosk import HelpTable, Kiosk
from gate.settings.lane import DoorTable, LaneTable, ScheduleTable
from gate.settings.paths import DEFAULT_STATE, DevicePaths, lists_of, run_dir_of
from gate.settings.problems import shown
from gate.settings.tables import DAY, Name, Table, Word, wrong
from gate.settings.zones import zone


class DeviceTable(Table):
    """This device."""

    id: Annotated[
        Name,
        Field(
            description="name of this device in logs, metrics and the journal; "
            "no default, two devices of one name cannot be told apart",
            examples=["ala-t2-07"],
        ),
    ]
    state_dir: Annotated[
        Path,
        Field(
            description="folder of the lane: lane.db and device.key; the default is what gate.service may write; "
            "a relative path starts at this file's folder",
        ),
    ] = DEFAULT_STATE
    list_dir: Annotated[
        Path | None,
        Field(
            description="folder of the sync: list.db, tuf/ and subjects/; the lane only reads it. If left out: "
            "lists/ in the default state_dir, which gate-sync.service may write, and any other state_dir itself",
            examples=["/var/lib/gate/lists"],
        ),
    ] = None

    run_dir: Annotated[
        Path | None,
        Field(
            description="folder of control.sock, by which staff give orders (`gate lane`). If left out: /run/gate for "
            "the default state_dir, which gate.service makes, and any other state_dir itself",
            examples=["/run/gate"],
        ),
    ] = None

    @property
    def runs(self) -> Path:
        """The folder of the control socket, configured or default."""
        return run_dir_of(self.state_dir, self.run_dir)

    @property
    def lists(self) -> Path:
        """The folder of the lists, configured or default."""
        return lists_of(self.state_dir, self.list_dir)


class VenueTable(Table):
    """The venue of this device.  Rules are chosen by it, so every key is required."""

    id: Annotated[
        Name,
        Field(
            description="name of the venue; a pass shown for another venue is refused (wrong_venue)",
            examples=["ala-t2"],
        ),
    ]
    category: Annotated[
        Word,
        Field(
            description="kind of place, as the venue rules name it: airport, station, grocery, pharmacy, hotel, "
            "fitness, cafe or another",
            examples=["airport"],
        ),
    ]
    zone: Annotated[
        Word,
        Field(
            description="region, as the venue rules name it; no default, so that no rule for a region is missed",
            examples=["almaty"],
        ),
    ]
    timezone: Annotated[
        str,
        Field(
            description="IANA time zone of the dates and hours in the venue rules",
            examples=["Asia/Almaty"],
        ),
    ]
    languages: Annotated[
        tuple[Language, ...],
        Field(
            min_length=1,
            description="languages of the page, the most important first; the default is the country's two and English",
        ),
    ] = LANGUAGES
    lanes: Annotated[
        int,
        Field(
            ge=1,
            le=99,
            description="lanes or doors at this entrance, this one included; with more than one the page sends people "
            "to another when this one cannot serve them",
        ),
    ] = 1
    help: Annotated[
        HelpTable | None,
        Field(
            description="whom to turn to where no staff stand at the door, shown beside a refusal: a phone, and words "
            'in kk, ru and en, each optional: { phone = "+7 727 250 00 00", ru = "Ресепшен, 2 этаж" }'
        ),
    ] = None

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            zone(value)
        except KeyError:
            near = get_close_matches(value, zoneinfo.available_timezones(), 1, 0.7)
            hint = f'Did you mean "{near[0]}"?' if near else 'Write an IANA name such as "Asia/Almaty"'
            raise wrong(f'there is no time zone "{value}"', hint) from None
        return value

    @field_validator("languages")
    @classmethod
    def _each_once(cls, value: tuple[Language, ...]) -> tuple[Language, ...]:
        if len(set(value)) < len(value):
            raise wrong("a language is duplicated", "Name each language once")
        return value


class ListTable(Table):
    """The age of the status list at which the gate warns, restricts and refuses.  Counted by the trusted clock
    from the time of the list; warn_after <= restrict_after <= refuse_after."""

    warn_after: Annotated[
        Duration,
        Field(
            gt=0,
            le=30 * DAY,
            description="age above which the gate warns the technician; 6 h is a night of missed updates",
        ),
    ] = 6 * 3600.0
    restrict_after: Annotated[
        Duration,
        Field(
            gt=0,
            le=30 * DAY,
            description="age above which only green enters; one day, because a colour may change daily",
        ),
    ] = DAY
    refuse_after: Annotated[
        Duration,
        Field(
            gt=0,
            le=30 * DAY,
            description="age above which nobody enters (list_expired); after two days most colours may have changed",
        ),
    ] = 2 * DAY
    unlisted: Annotated[
        Unlisted,
        Field(
            description='a person who is not on the list: "refuse", or "use_pass" to use the colour in the pass; '
            "the default fails closed"
        ),
    ] = Unlisted.REFUSE

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for low, high in (("warn_after", "restrict_after"), ("restrict_after", "refuse_after")):
            least, most = getattr(self, low), getattr(self, high)
            if least > most:
                raise wrong(
                    f"{low} ({show_duration(least)}) is longer than {high} ({show_duration(most)})",
                    "Keep warn_after <= restrict_after <= refuse_after; a key left out has its default",
                    key=low if low in self.model_fields_set else high,
                )
        return self

    @property
    def limits(self) -> AgeLimits:
        return AgeLimits(self.warn_after, self.restrict_after, self.refuse_after)


class ClockTable(Table):
    """How long the gate continues when its system clock is behind the latest trusted time."""

    untrusted_for: Annotated[
        Duration,
        Field(
            ge=0,
            le=7 * DAY,
            description="how long the gate runs on a clock that is behind, counted over restarts, until nobody enters "
            '(clock_untrusted); "0s" refuses at once; 12 h is time for the network to come back or for a technician, '
            "and much shorter than list.refuse_after, because after a power cut the true time may be later still",
        ),
    ] = 12 * 3600.0


class Passes(Table):
    """Which passes are accepted."""

    presentation_window: Annotated[
        Duration,
        Field(
            ge=1,
            le=300,
            description="largest difference between the time in a code signed by the phone and the gate's; "
            "30 s is three renewals of the code, and too short to forward a screenshot",
        ),
    ] = 30.0
    binding: Annotated[
        Literal["optional", "required"],
        Field(
            description='"required": only codes signed by the holder\'s phone just now, so no paper; '
            "the default also serves people without a smartphone"
        ),
    ] = "optional"


class Sync(Table):
    """Where gate-sync fetches the lists.  Without this table, lists are loaded by hand only."""

    mirrors: Annotated[
        tuple[str, ...],
        Field(
            min_length=1,
            description="addresses of the same lists, tried in this order (https://, http:// or file:///); "
            "their files are signed, so a mirror need not be trusted",
            examples=[["https://lists.example.kz/gate", "https://lists.example.org/gate", "file:///media/usb"]],
        ),
    ]
    every: Annotated[
        Duration,
        Field(ge=1, le=DAY, description="time between two syncs; 15 min is 96 small requests a day"),
    ] = 900.0
    root: Annotated[
        Path,
        Field(
            description="the authority's root.json, by which everything that is fetched is verified; "
            "a relative path starts at this file's folder",
        ),
    ] = Path("root.json")
    proxy: Annotated[
        str | None,
        Field(
            description="the proxy for http(s) mirrors, with user and password where it wants them; if left out, that "
            "of the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY); NO_PROXY holds all the same",
            examples=["http://gate:{credential:proxy}@proxy.example.kz:3128"],
        ),
    ] = None

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if value is not None and not (is_mirror(value) and value.startswith("http")):
            raise wrong("this is no address of a proxy", 'Write "http://host:port" or "http://user:password@host:port"')
        return value

    @field_validator("mirrors")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not is_mirror(address):
                raise wrong(f"{shown(address)} is not a mirror", 'Write "https://host/path" or "file:///folder"')
        return value


class Staff(Table):
    """What staff may do at this device."""

    iin_check: Annotated[
        bool,
        Field(
            description="true: staff may look a person up by IIN; this needs the subject index; off by default, "
            "because few devices should hold that index"
        ),
    ] = False


class JournalTable(Table):
    """How long the journal is kept on this device."""

    keep: Annotated[
        Duration,
        Field(
            ge=DAY,
            le=3660 * DAY,
            description="how long rows are kept; they are deleted in sealed files of up to a month or 10,000 rows; "
            "400 days are a year and a month, to compare two years",
        ),
    ] = 400 * DAY


class Tables(Table):
    """The tables that are the gate's own."""

    device: DeviceTable
    venue: VenueTable
    lane: LaneTable = LaneTable()
    door: DoorTable = DoorTable()
    schedule: ScheduleTable = ScheduleTable()
    list: ListTable = ListTable()
    clock: ClockTable = ClockTable()
    passes: Passes = Passes()
    sync: Sync | None = None
    staff: Staff = Staff()
    journal: JournalTable = JournalTable()
    kiosk: Kiosk | None = None
    desk: DeskTable = DeskTable()

    @property
    def paths(self) -> DevicePaths:
        """The folders of this device, and its root of trust."""
        device = self.device
        return DevicePaths(device.state_dir, device.lists, device.runs, self.sync.root if self.sync else None)

    @property
    def policy(self) -> Policy:
        """The venue's settings that `gate.core.decide` needs."""
        return Policy(
            venue=Venue(self.venue.category, self.venue.zone),
            timezone=zone(self.venue.timezone),
            limits=self.list.limits,
            unlisted=self.list.unlisted,
            reuse_after=self.lane.reuse_after,
            antipassback=self.lane.antipassback,
            forget_inside=self.lane.forget_inside,
            max_inside=self.lane.max_inside,
        )

    def verifier(self, trust: TrustList) -> Verifier:
        """Return the verifier of passes at this gate, for these issuers."""
        return Verifier(
            trust,
            venue=self.venue.id,
            window=int(self.passes.presentation_window),
            binding_required=self.passes.binding == "required",
        )


class Settings(Tables):
    """A whole configuration, checked: what the daemons are built from."""

    readers: tuple[SerializeAsAny[ReaderConfig], ...] = Field(min_length=1)
    barrier: SerializeAsAny[DriverConfig] | None = None
    inputs: tuple[SerializeAsAny[InputConfig], ...] = ()
    feedback: tuple[SerializeAsAny[DriverConfig], ...] = ()
