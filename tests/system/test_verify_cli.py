"""`gate verify` and `gate list` as scripts and technicians call them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gate.authority.pictures import draw_png
from gate.core.model import Listing, Status
from tests.commands.process import run_gate
from tests.system.rig import Site, replay

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "unit" / "data" / "aq1.json").read_text())


def gate(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return run_gate(*arguments, given=given)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {1: Listing.GREEN, 2: Listing.RED})
    made.configure(replay(tmp_path, "x"))
    return made


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_text(json.dumps(VECTORS["trust"]))
    return file


def test_every_vector_in_order_through_the_command(trust: Path) -> None:
    lines = "".join(json.dumps({key: case[key] for key in ("id", "qr", "at")}) + "\n" for case in VECTORS["cases"])
    done = gate("verify", "--pass-only", "--trust", str(trust), "--jsonl", "-", given=lines)
    assert (done.returncode, done.stderr) == (0, "")
    for case, line in zip(VECTORS["cases"], done.stdout.splitlines(), strict=True):
        answer = json.loads(line)
        want = {"id": case["id"], "outcome": case["outcome"], "reason": case["reason"]}
        if case["outcome"] == "accept":
            want |= {"status": case["status"], "issuer": case["issuer"], "idx": case["idx"]}
            want["bound"] = case.get("bound", False)
        assert answer | want == answer


def test_a_bad_line_loses_no_other(trust: Path) -> None:
    good = json.dumps({key: VECTORS["cases"][0][key] for key in ("id", "qr", "at")})
    lines = "\n".join([good, "{", "[]", '{"id": 4}', '{"id": 5, "qr": "x", "at": "soon"}', good])
    done = gate("verify", "--pass-only", "--trust", str(trust), "--jsonl", "-", given=lines)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [answer.get("outcome") for answer in answers] == ["accept", None, None, None, None, "accept"]
    assert [answer.get("line") for answer in answers[1:5]] == [2, 3, 4, 5]
    assert len(done.stderr.splitlines()) == 4
    assert "Traceback" not in done.stderr


def test_a_picture_is_asked_like_a_text(site: Site, tmp_path: Path) -> None:
    site.load_list()
    for idx, status, code, reason in ((1, Status.GREEN, 0, "admitted"), (2, Status.RED, 1, "status_not_admitted")):
        text = site.issue(idx, status)
        draw_png(text, tmp_path / "pass.png")
        for what, given in ((str(tmp_path / "pass.png"), ""), (text, ""), ("-", text + "\n")):
            done = gate("verify", what, "--config", str(site.config), "--json", given=given)
            answer = json.loads(done.stdout)
            assert (done.returncode, answer["reason"]) == (code, reason), done.stderr
    assert not (site.state / "lane.db").exists()  # nothing was touched


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["x"], 2, "Give --config FILE"),
        (["x", "--pass-only"], 2, "Add --trust"),
        (["x", "--pass-only", "--trust", "/nowhere"], 2, "/nowhere"),
        (["x", "--jsonl", "--pass-only", "--trust", "TRUST"], 2, "reads stdin"),
        (["photo.jpg", "--pass-only", "--trust", "TRUST"], 2, "photo.jpg: there is no such file"),
        (["CONFIG", "--pass-only", "--trust", "TRUST"], 2, "gate.toml"),
    ],
)
def test_what_is_asked_wrongly_gets_one_line(
    site: Site, trust: Path, arguments: list[str], code: int, said: str
) -> None:
    names = {"TRUST": str(trust), "CONFIG": str(site.config)}
    done = gate("verify", *[names.get(word, word) for word in arguments])
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1)
    assert said in done.stderr


def test_without_a_list_the_answer_is_list_missing(site: Site) -> None:
    done = gate("verify", site.issue(1), "--config", str(site.config), "--json")
    assert (done.returncode, json.loads(done.stdout)["reason"]) == (1, "list_missing")


def test_the_list_is_loaded_shown_looked_up_and_exported(site: Site) -> None:
    config = ("--config", str(site.config))
    assert gate("list", "status", *config).returncode == 1
    loaded = gate("list", "load", str(site.authority.public), "--root", str(site.root), *config)
    assert loaded.returncode == 0, loaded.stderr
    shown = json.loads(gate("list", "status", "--json", *config).stdout)
    assert (shown["freshness"], shown["version"], shown["listed"], shown["issuers"]) == ("fresh", 1, 2, "ashyq")
    assert gate("list", "lookup", "2", *config).stdout == "red\n"
    beyond = gate("list", "lookup", "99", *config)
    assert (beyond.returncode, beyond.stdout) == (2, "")
    assert beyond.stderr == "gate: the list has 3 places, and 99 is none of them. Give a number from 0 to 2\n"
    assert gate("list", "export", *config).stdout == "idx,status\n1,green\n2,red\n"


def test_a_publication_that_is_half_there_is_refused(site: Site) -> None:
    config = ("--config", str(site.config))
    next((site.authority.public / "targets/status").glob("*.snapshot-*.zst")).write_bytes(b"cut")
    done = gate("list", "load", str(site.authority.public), "--root", str(site.root), *config)
    assert done.returncode == 1
    assert "snapshot-1.zst broke off after 3 of" in done.stderr
    assert gate("list", "status", *config).returncode == 1


def test_a_list_is_loaded_only_from_an_authority_that_was_named(site: Site) -> None:
    config = ("--config", str(site.config))
    done = gate("list", "load", str(site.authority.public), *config)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Give --root root.json" in done.stderr
    assert gate("list", "load", str(site.authority.public), "--root", str(site.root), *config).returncode == 0
    site.publish()
    loaded = gate("list", "load", str(site.authority.public), *config)  # the device remembers whom it believes
    assert "the same list, newer" in loaded.stdout
