"""Several lanes on one computer: gate.service, and a gate@NAME.service for each further one."""

import copy
import json
import os
from functools import partial
from pathlib import Path

from gate.core.model import Listing
from gate.sync.sync import ListSource, sync
from tests.commands.process import run_gate
from tests.system.rig import Daemon, Site, eventually, replay


def lane(site: Site, name: str, *tables: str) -> Site:
    """Return the site of a further lane: the lists are shared, all else is its own."""
    own = copy.copy(site)
    own.folder = site.folder / name
    own.folder.mkdir()
    own.state = site.folder / "var/lanes" / name
    own.state.mkdir(parents=True)
    own.config = site.folder / f"etc/lanes/{name}.toml"
    own.config.parent.mkdir(parents=True, exist_ok=True)
    own.configure(*tables)
    paths = f'list_dir = "{site.folder}/lists"\nrun_dir = "{site.folder}/run/{name}"\n'
    own.config.write_text(own.config.read_text().replace('id = "test-1"', f'id = "{name}"\n{paths}'))
    return own


def admitted(site: Site) -> bool:
    return site.reasons() == ["admitted"]


def test_two_lanes_share_the_lists_and_nothing_else(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    lists = tmp_path / "lists"
    lists.mkdir()
    sync(ListSource((site.authority.public.as_uri(),), site.root, lists, stale_after=3600), site.now)
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    if os.geteuid() == 0:
        os.chown(run_dir, 0, 4243)
    run_dir.chmod(0o2750)  # as tmpfiles make it
    lanes = []
    for name in ("left", "right"):
        (tmp_path / f"codes-{name}").mkdir()
        lanes.append(lane(site, name, replay(tmp_path / f"codes-{name}", site.issue(1))))
    daemons = [Daemon(each) for each in lanes]
    try:
        for daemon in daemons:
            daemon.wait_ready()
        for each in lanes:  # each has its own journal: a pass of one day is not used up by the other lane
            eventually(partial(admitted, each), "the lane to admit")
        run_gate("lane", "lockdown", "on", "--config", lanes[0].config)
        answers = [json.loads(run_gate("lane", "status", "--config", each.config, "--json").stdout) for each in lanes]
        assert [answer["orders"] for answer in answers] == [["locked_down"], []]
        for name in ("left", "right"):
            folder = (run_dir / name).stat()
            assert folder.st_mode & 0o7777 == 0o2750
            assert folder.st_gid == run_dir.stat().st_gid
    finally:
        for daemon in daemons:
            daemon.stop()
