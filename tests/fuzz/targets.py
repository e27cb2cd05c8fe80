"""What is fuzzed: each target takes bytes, and its own refusal is the only exception that it may raise."""

import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import cv2
import segno
from nacl.signing import SigningKey
from PIL import Image

from drivers.decoders.image_file import load_grey
from drivers.decoders.still import read_still
from drivers.readers.camera_check_messages import EXAMINATION
from drivers.readers.camera_messages import CAMERA, FrameTexts, GoOn, ImageHeld, Opened, Picture, Taking
from gate.authority.sources.csv_file import CsvFile
from gate.authority.sources.ids import IdKind, Ids
from gate.authority.sources.problems import Problems
from gate.authority.sources.workbook import Workbook
from gate.control.parsing import parse_request
from gate.control.requests import CheckRequest, as_json
from gate.control.rights import may_send
from gate.core.coaching import Hint
from gate.core.iin import damage, iin_fault, is_iin
from gate.core.lane.modes import Mode, Phase
from gate.core.model import Listing
from gate.core.outlet_events import PhaseChanged
from gate.core.reason import Reason
from gate.core.rules import parse_rules
from gate.core.staff_role import StaffRole
from gate.core.trust import parse_trust
from gate.errors import ConfigError, DamagedError, GateError, PictureError, PublishError, StoreError
from gate.kiosk.messages import Beat, PageLogLine, to_lane, to_page
from gate.passes.aq1_encode import credential_text
from gate.ports.camera_view import Outline, ReadingFacts
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.store import status_delta, subject_segments, subject_wire
from gate.store import status_wire as wire
from gate.store.subject_messages import FIND_SUBJECT, FoundSubject, SoughtSubject
from gate.store.takeover_messages import TAKEOVER, TakeoverRefused, Took
from gate.sync.allowance import Step, VisitPhase
from gate.sync.offer import parse_offer
from gate.sync.round import MirrorProblem, Outcome, Visited
from gate.sync.visit_lines import VisitEnded, VisitFailed, ended_line, failed_line, parsed, step_line
from gate.testing import builders
from gate.worker.codec import Codec, CodecError, Failed
from tests.fuzz.device_targets import DEVICES
from tests.fuzz.target import Target
from tests.unit.aq1_outcomes import WHOLE, cut_out, decoded, outcome
from tests.unit.configurations import LEAST, SAMPLE

CORPUS = Path(__file__).parent / "corpus"
SIZE = 4096  # places of the list that is fuzzed
_DEVICE = SigningKey(bytes(32))
_NIBBLES = builders.nibbles({idx: Listing(1 + idx % 5) for idx in range(0, 400, 7)}, SIZE)
_CHANGED = builders.nibbles({idx: Listing(1 + idx % 4) for idx in range(0, 500, 5)}, SIZE)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def _file(data: bytes, suffix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"input{suffix}")
        path.write_bytes(data)
        yield path


# Passes

_GOOD = {credential_text(whole) for whole in WHOLE}


def _pass(data: bytes) -> None:
    """Never a yes for what was not signed."""
    text = _text(data)
    assert text in _GOOD or isinstance(outcome(text), Reason), "a wrong yes"


def _envelope(data: bytes) -> None:
    assert cut_out(data) == decoded(data)
    assert data in WHOLE or isinstance(outcome(credential_text(data)), Reason), "a wrong yes"


# What a mirror serves


def _snapshot(data: bytes) -> None:
    assert len(wire.decode_snapshot(data, SIZE)) == wire.byte_length(SIZE)


def _delta(data: bytes) -> None:
    assert len(status_delta.apply_delta(data, _NIBBLES, SIZE)) == wire.byte_length(SIZE)


def _heads() -> list[bytes]:
    head = builders.publication({7: Listing.RED}, size=SIZE).head
    chained = head.model_copy(
        update={"version": 3, "deltas": (wire.DeltaForm(since=1, target="status/delta-1-3.zst"),)}
    )
    return [head.model_dump_json().encode(), chained.model_dump_json().encode()]


def _subject_heads() -> list[bytes]:
    segment = subject_wire.SubjectSegment(first=0, last=100)
    return [
        subject_wire.SubjectsHead(key="0" * 16, runs=(0, 50), segments=(segment,)).model_dump_json().encode(),
        subject_wire.SubjectsHead(key="0" * 16, runs=(), segments=()).model_dump_json().encode(),
    ]


def _segment(data: bytes) -> None:
    subject_segments.decode_segment(data, subject_wire.SubjectSegment(first=0, last=100))


def _segments() -> list[bytes]:
    import numpy as np

    return [subject_segments.encode_segment(np.arange(1, 101, dtype=np.uint64) * np.uint64(2**57 - 1))]


# What processes say


_CODECS: tuple[Codec, ...] = (
    *(
        codec
        for program in (CAMERA, EXAMINATION, TAKEOVER, FIND_SUBJECT)
        for codec in (program.sends, program.receives)
    ),
    *(to_lane, to_page),
)


def _messages(data: bytes) -> None:
    taken = False
    for codec in _CODECS:
        with suppress(CodecError):
            message = codec.decode(data)
            taken = True
            assert codec.decode(codec.encode(message)) == message
    if not taken:
        raise CodecError("a message of none of them")


def _message_lines() -> list[bytes]:
    facts = ReadingFacts(1.5, 9, 4, 2, 0.004, 1, 120.0, 0.01, 0.8, 3.5, 11.0)
    outline = Outline(((1.0, 2.0), (9.0, 2.0), (9.0, 9.0), (1.0, 9.0)), read=True)
    of_cameras = (
        Opened(("Landlock is missing",)),
        FrameTexts(1.5, 1.6, 2, ("AQ1:X",), None),
        FrameTexts(1.5, 1.6, 2, (), next(iter(Hint))),
        ImageHeld(1.5, ("A", "B"), still=True),
        Taking("a.png", (1, 2, 3), 1.5),
        Failed("no", "yes"),
        facts,
        Picture(1.5, 8, 8, ("/9j/",), (outline,), None),
    )
    lines = [CAMERA.sends.encode(message) for message in of_cameras]
    lines += [CAMERA.receives.encode(GoOn()), to_lane.encode(PageLogLine("served", is_error=False))]
    lines += [to_page.encode(Beat(1.7e9, 12.5)), to_page.encode(PhaseChanged(1.7e9, Phase.READY, Mode.ENFORCE))]
    lines += [
        TAKEOVER.sends.encode(Took(7, changed=True)),
        TAKEOVER.sends.encode(TakeoverRefused("no", "yes", is_final=True)),
    ]
    lines += [FIND_SUBJECT.receives.encode(SoughtSubject("990101300013")), FIND_SUBJECT.sends.encode(FoundSubject(7))]
    return lines


def _offer(data: bytes) -> None:
    """What the reader of a sync's list.db says to the process that verifies it."""
    offer = parse_offer(Path("list.db"), data)
    assert sum(map(len, offer.documents.values())) + len(offer.nibbles) < len(data)


def _offers() -> list[bytes]:
    def offer(documents: dict[str, bytes], nibbles: bytes, as_of: int) -> bytes:
        lengths = [(name, len(body)) for name, body in documents.items()]
        header = {"documents": lengths, "nibbles": len(nibbles), "as_of": as_of}
        return json.dumps(header).encode() + b"\n" + b"".join(documents.values()) + nibbles

    return [
        offer({"trust.json": builders.trust_json(), "rules.json": builders.rules_json()}, _NIBBLES[:64], 1_700_000_000),
        offer({}, b"", 0),
        b'{"what": "list.db: it is damaged", "hint": "Sync again"}\n',
    ]


def _visit(data: bytes) -> None:
    """What the process that visits a mirror says to the sync.  A taken line is one that can be written again."""
    said = parsed(data)
    if isinstance(said, VisitEnded):
        assert parsed(ended_line(said.visited)) == said
        json.dumps(asdict(said.visited), allow_nan=False)
    elif isinstance(said, Step):
        assert parsed(step_line(said)) is not None
    elif isinstance(said, VisitFailed):
        assert "\n" not in str(said.error)
    else:
        raise ValueError("refused")


def _visits() -> list[bytes]:
    outcome = Outcome("https://a.example.kz", 7, 1_700_000_000, 9, True, 512, "2 deltas", 0.25, ("b: silent",))
    problem = MirrorProblem("b: it is silent", "Wait")
    return [
        step_line(Step(VisitPhase.READ, "https://a.example.kz/x", 512)),
        ended_line(Visited(outcome, (problem,), 512)),
        ended_line(Visited(None, (problem,), 0)),
        failed_line(StoreError("list.db: no space left", hint="Free some")),
    ]


_NUMBER = re.compile(r"\d{9}")  # as long as what is left of an IIN without its leading zeros


def _request(data: bytes) -> None:
    problem = ""
    try:
        request = parse_request(data)
    except ValueError as error:
        problem = str(error)
    assert "\n" not in problem
    assert not _NUMBER.search(problem), "the number of a person is quoted"
    if problem:
        return
    assert parse_request(json.dumps(as_json(request)).encode()) == request
    if isinstance(request, CheckRequest):
        assert len(request.iin) < 9 or request.iin not in repr(request), "a log would show the number of a person"
        assert not may_send(StaffRole.TECHNICIAN, request)
    for role in StaffRole:
        may_send(role, request)


def _requests() -> list[bytes]:
    asked: list[dict[str, object]] = [
        *[
            dict[str, object](do=do, user="guard-07")
            for do in ("status", "watch", "give_back", "reset", "parts", "signed_in")
        ],
        {"do": "order", "mode": "locked_down", "on": True, "by": "A", "until": 1.8e9},
        {"do": "admit", "direction": "entry", "why": "no_phone", "note": "a pram", "check": "q1-Z_"},
        {"do": "check", "iin": "990101300013", "direction": "exit"},
        {"do": "recent", "n": 20},
        {"do": "extend", "on": False},
        {"do": "inside", "count": 3},
        {"do": "output", "name": "barrier"},
        {"do": "picture", "reader": "reader[0]"},
    ]
    return [json.dumps(request).encode() + b"\n" for request in asked]


# Files


def _config(data: bytes) -> None:
    with _file(data, ".toml") as path:
        load_settings(path, config_of)


def _picture(data: bytes) -> None:
    with _file(data, ".png") as path:
        read_still(load_grey(path))


def _pictures() -> list[bytes]:
    plain = io.BytesIO()
    segno.make_qr("AQ1:HELLO").save(plain, kind="png", scale=3)
    image = Image.open(plain).convert("RGB")
    forms: list[tuple[str, dict[str, object]]] = [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("PPM", {}),
    ]
    made = []
    for kind, options in forms:
        out = io.BytesIO()
        image.save(out, kind, **options)
        made.append(out.getvalue())
    return made


def _table(data: bytes) -> None:
    for kind in (None, *IdKind):
        problems, ids = Problems("line"), Ids(kind)
        for batch in CsvFile(io.BytesIO(data)).batches(SIZE, problems, ids):
            if kind is IdKind.IIN and batch.persons is not None:
                assert all(is_iin(person.decode()) for person in batch.persons)
        ids.close(problems)


def _tables() -> list[bytes]:
    table = 'person;status;note\r\n900524586842;green;x\r\n000825408493;red;"a;b"\r\n\'825408493;blue;й\r\n'
    return [
        table.encode(),
        table.encode("utf-16"),
        table.encode("utf-16-le"),
        table.encode("cp1251"),
        table.replace("\r\n", "\r").encode(),
        b"sep=,\nidx,status\n1,green\n2,red\n",
    ]


def _workbook(data: bytes) -> None:
    with _file(data, ".xlsx") as path:
        for _ in Workbook(path).batches(SIZE, Problems("row")):
            pass


def _workbooks() -> list[bytes]:
    return [(CORPUS / "workbook" / "people.xlsx").read_bytes()]


def _id(data: bytes) -> None:
    text = _text(data)
    fault = iin_fault(text)
    assert (fault is None) == is_iin(text)
    assert fault is None or "\n" not in str(fault)
    damage(text)


def _texts(*texts: str) -> Callable[[], list[bytes]]:
    return lambda: [text.encode("utf-8", "surrogateescape") for text in texts]


cv2.setNumThreads(1)

TARGETS = {
    "pass": Target(_pass, None, lambda: [text.encode() for text in sorted(_GOOD)]),
    "envelope": Target(_envelope, None, lambda: list(WHOLE)),
    "head": Target(wire.Head.parse, PublishError, _heads),
    "snapshot": Target(_snapshot, PublishError, lambda: [wire.encode_snapshot(_NIBBLES)]),
    "delta": Target(_delta, PublishError, lambda: [status_delta.encode_delta(_NIBBLES, _CHANGED)]),
    "subjects": Target(subject_wire.SubjectsHead.parse, PublishError, _subject_heads),
    "segment": Target(_segment, PublishError, _segments),
    "sealed": Target(
        lambda data: subject_wire.unseal(data, _DEVICE),
        PublishError,
        lambda: [subject_wire.seal(bytes(32), _DEVICE.verify_key)],
    ),
    "trust": Target(parse_trust, PublishError, lambda: [builders.trust_json()]),
    "rules": Target(parse_rules, PublishError, lambda: [builders.rules_json()]),
    **DEVICES,
    "message": Target(_messages, CodecError, _message_lines),
    "offer": Target(_offer, DamagedError, _offers),
    "visit": Target(_visit, ValueError, _visits),
    "request": Target(_request, None, _requests),
    "config": Target(_config, ConfigError, lambda: [SAMPLE.encode(), LEAST.encode()], is_slow=True),
    "picture": Target(_picture, PictureError, _pictures, is_slow=True),
    "table": Target(_table, PublishError, _tables),
    "workbook": Target(_workbook, GateError, _workbooks, is_slow=True),
    "id": Target(_id, None, _texts("900524586842", "'000825408493", "8,25E+11", "825 408\xa0493", '="0"', "８２５")),
}
