"""Certificates of other systems from the list of their keys to the door."""

import json
from pathlib import Path
from typing import Any

import pytest

from gate.core.model import Listing
from tests.commands.process import run_gate
from tests.system.rig import Site, eventually, replay, running
from tests.unit.certificates.fresh import FreshSigner
from tests.unit.certificates.trust import MADE

EVIDENCE = {
    "rules": [{"id": "series", "kind": "vaccination", "doses": "complete", "days": [14, 270], "colour": "green"}],
    "examples": [
        {
            "at": "2026-06-01T12:00",
            "evidence": {"kind": "vaccination", "day": "2026-03-01", "dose": 2, "doses": 2},
            "colour": "green",
        }
    ],
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {1: Listing.GREEN})
    made.configure(replay(tmp_path, "x"))
    return made


def import_keys(site: Site, content: object, *options: str, code: int = 0) -> dict[str, Any]:
    file = site.folder / "keys"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    done = run_gate("authority", "import-keys", str(site.authority.path), str(file), "--json", *options)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code == 0 else {"problem": done.stderr}


def accept(site: Site, signer: FreshSigner) -> None:
    import_keys(site, signer.pem())
    file = site.authority.path / "rules.json"
    rules = json.loads(file.read_bytes())
    file.write_text(json.dumps(rules | {"version": rules["version"] + 1, "evidence": EVIDENCE}))
    site.authority.publish(site.authority.public, site.now + 1)
    site.load_list()


def verdict(site: Site, text: str) -> str:
    done = run_gate("verify", "-", "--config", str(site.config), "--json", given=text)
    return str(json.loads(done.stdout)["reason"])


def test_a_certificate_opens_the_door_once_by_the_rules_of_the_authority(site: Site) -> None:
    signer = FreshSigner(site.now)
    good, early = signer.vaccination("URN:UVCI:01:AT:1#A"), signer.vaccination("URN:UVCI:01:AT:2#B", days_ago=3)
    site.load_list()
    assert verdict(site, good) == "unreadable"  # without keys for such certificates they are other codes
    accept(site, signer)
    assert verdict(site, good) == "admitted"
    assert verdict(site, early) == "evidence_insufficient"
    assert verdict(site, FreshSigner(site.now).vaccination("x")) == "unknown_issuer"

    site.configure(replay(site.folder, good, early))
    with running(site):
        eventually(lambda: len(site.reasons()) == 2, "both certificates to be judged")
    first, second = site.rows("event = 'decision'")
    assert (first["reason"], first["format"], first["issuer"]) == ("admitted", "hc1", "dcc-at")
    assert second["reason"] == "evidence_insufficient"
    assert first["holder"] != second["holder"]
    for row in site.rows():
        assert "UVCI" not in json.dumps({name: str(value) for name, value in row.items()})


def test_a_list_takes_the_place_of_the_one_before_and_not_of_other_formats(site: Site) -> None:
    assert import_keys(site, MADE["dcc"]) == {"issuers": 1, "keys": 5, "new": 5, "gone": 0}
    assert import_keys(site, MADE["jwks"], "--iss", MADE["iss"]) == {"issuers": 1, "keys": 1, "new": 1, "gone": 0}
    fewer = {"certificates": MADE["dcc"]["certificates"][:3]}
    assert import_keys(site, fewer, "--dry-run") == {"issuers": 1, "keys": 3}
    assert import_keys(site, fewer) == {"issuers": 1, "keys": 3, "new": 0, "gone": 2}
    one = {"certificates": MADE["dcc"]["certificates"][:1]}
    assert "--shrink" in import_keys(site, one, code=65)["problem"]
    assert import_keys(site, one, "--shrink")["gone"] == 2
    assert import_keys(site, FreshSigner(site.now).pem()) == {"issuers": 1, "keys": 2, "new": 1, "gone": 0}
    issuers = {issuer["id"]: issuer for issuer in json.loads(site.authority.trust_json())["issuers"]}
    assert set(issuers) == {"ashyq", "dcc-at", "shc-health.example.org-2e403a85"}
    assert issuers["shc-health.example.org-2e403a85"]["iss"] == MADE["iss"]


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        (b"not a list", (), "neither JSON nor a certificate"),
        ({"keys": []}, (), "holds no ES256 or PS256 key"),
        ({"people": []}, (), "none of certificates"),
        ({"certificates": [{"kid": "AAAA", "rawData": "AAAA"}]}, (), "damaged"),
        ({"keys": [{"kty": "EC", "kid": "AAAA", "x": "AA", "y": "AA"}]}, (), "damaged"),
        (MADE["jwks"], ("--iss", "http://x"), "https://"),
        (MADE["dcc"], ("--country", "Austria"), "two or three letters"),
    ],
)
def test_a_list_that_is_none_changes_nothing(
    site: Site, content: object, options: tuple[str, ...], complaint: str
) -> None:
    before = site.authority.trust_json()
    problem = import_keys(site, content, *options, code=2)["problem"]
    assert complaint in problem
    assert "Traceback" not in problem
    assert site.authority.trust_json() == before
