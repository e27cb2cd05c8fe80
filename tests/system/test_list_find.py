"""`gate list find`: staff type an IIN, and read whether this person may enter here and now."""

import io
import json
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.store.device_key import load_or_make
from gate.sync.sync import ListSource, sync
from tests.commands.process import run_gate
from tests.system.rig import Site

GREEN, RED, REVOKED, NOBODY = "900101300017", "900101300027", "900101300037", "900101300047"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("site"), {})
    rows = f"person,status\n{GREEN},green\n{RED},red\n{REVOKED},green\n"
    made.authority.import_csv(io.BytesIO(rows.encode()))
    place = made.authority.place_of(REVOKED)
    assert place is not None
    made.authority.set_status(place, Listing.REVOKED)
    made.state.mkdir()
    key = load_or_make(made.state).verify_key
    made.authority.add_device("test-1", bytes(key).hex())
    made.publish()
    sync(ListSource((made.authority.public.as_uri(),), made.root, made.state, 3600, key), made.now)
    mirrors = f'[sync]\nmirrors = ["{made.authority.public.as_uri()}"]\nroot = "{made.root}"\n'
    made.configure(mirrors, "[staff]\niin_check = true\n", '[[reader]]\ndriver = "fake"\ntexts = ["x"]\n')
    return made


def find(site: Site, iin: str, *options: str) -> tuple[int, str, str]:
    ended = run_gate("list", "find", "--config", site.config, *options, given=f"{iin}\n")
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize(
    ("iin", "status", "may_enter", "reason"),
    [
        (GREEN, "green", True, "admitted"),
        (RED, "red", False, "status_not_admitted"),
        (REVOKED, "revoked", False, "pass_revoked"),
    ],
)
def test_a_program_gets_the_verdict(site: Site, iin: str, status: str, may_enter: bool, reason: str) -> None:
    code, out, err = find(site, iin, "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert (facts["status"], facts["may_enter"], facts["reason"]) == (status, may_enter, reason)
    assert facts["idx"] == site.authority.place_of(iin)


def test_a_person_reads_it_in_words(site: Site) -> None:
    assert find(site, GREEN)[1] == f"place {site.authority.place_of(GREEN)}, status green: may enter now\n"
    red = find(site, RED)[1]
    assert red.startswith(f"place {site.authority.place_of(RED)}, status red: may not enter now, status_not_admitted: ")


def test_nobody_is_found_where_nobody_is(site: Site) -> None:
    assert find(site, NOBODY) == (1, "", "gate: nobody of this IIN is in the index. Ask the authority\n")
    code, out, err = find(site, "900101300018")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "900101300018" not in err


def test_the_other_looks_answer_as_json(site: Site, tmp_path: Path) -> None:
    place = site.authority.place_of(RED)
    looked = run_gate("list", "lookup", place, "--config", site.config, "--json")
    assert json.loads(looked.stdout) == {"idx": place, "status": "red"}
    key = json.loads(run_gate("list", "device-key", "--config", site.config, "--json").stdout)
    assert key == {"device": "test-1", "key": bytes(load_or_make(site.state).verify_key).hex()}
    loaded = run_gate("list", "load", site.authority.public, "--config", site.config, "--json")
    assert (loaded.returncode, json.loads(loaded.stdout)["listed"]) == (0, 3), loaded.stderr
    for folder, hint in (
        (site.authority.path, f"Did you mean {site.authority.public}?"),
        (site.authority.public / "metadata", f"Did you mean {site.authority.public}?"),
        (tmp_path, "Name the folder that has metadata/ in it"),
    ):
        wrong = run_gate("list", "load", folder, "--config", site.config)
        assert (wrong.returncode, wrong.stderr) == (2, f"gate: {folder} holds no published list. {hint}\n")


def test_the_environment_names_the_configuration(site: Site) -> None:
    named = run_gate("list", "lookup", site.authority.place_of(GREEN), env={"GATE_CONFIG": str(site.config)})
    assert (named.returncode, named.stdout) == (0, "green\n")
    other = run_gate("list", "lookup", "0", "--state-dir", "/nowhere", env={"GATE_CONFIG": str(site.config)})
    assert (other.returncode, other.stdout) == (1, "")
