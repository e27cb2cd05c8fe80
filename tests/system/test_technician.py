"""A technician at a real gate: a camera's picture, an output, and a page whose port another program holds."""

import base64
import socket
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gate.control.client import RefusedOrderError, send_request
from gate.control.requests import ModeRequest, OutputRequest, PartsRequest, PictureRequest, StatusRequest
from gate.core.lane.modes import Mode
from gate.core.model import Listing
from gate.testing.relay_board import RelayBoard
from tests.commands.process import run_gate
from tests.contract.camera_rigs import put
from tests.system.rig import Site, camera, eventually, lcus, running


def test_a_technician_looks_through_a_running_gate_and_fires_its_barrier_once(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    put(pictures, "1.png", "HELLO")
    with RelayBoard(tmp_path / "relay") as board, socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        mirror = f'[sync]\nmirrors = ["file:///media/usb"]\nroot = "{site.root}"\n'
        site.configure(camera(pictures), lcus(board), f'[kiosk]\nlisten = "127.0.0.1:{port}"\n', mirror)
        with running(site):
            eventually(lambda: site.reasons() != [], "the lane to look")
            picture = PictureRequest(reader="reader[0]")
            with pytest.raises(RefusedOrderError) as refused:
                send_request(site.state, picture)
            assert refused.value.code == "not_in_maintenance"
            send_request(site.state, ModeRequest(mode=Mode.MAINTENANCE, on=True))
            shown = send_request(site.state, picture)
            decoded = cv2.imdecode(np.frombuffer(base64.b64decode(shown["jpeg"]), np.uint8), cv2.IMREAD_UNCHANGED)
            assert decoded is not None
            assert decoded.shape == (shown["height"], shown["width"])
            assert [outline["read"] for outline in shown["outlines"]] == [True]
            assert board.openings == 0
            send_request(site.state, OutputRequest(name="barrier entry"))
            eventually(lambda: _parts(site)["test"]["over"], "the output to be locked again")
            assert board.openings == 1
            assert _parts(site)["cameras"]["reader[0]"]["read"] >= 1
            assert _parts(site)["sync"]["last_mirror"] == site.authority.public.as_uri()
            _page_is_missed(site, port)


def _parts(site: Site) -> dict[str, Any]:
    return send_request(site.state, PartsRequest())


def _page_is_missed(site: Site, port: int) -> None:
    """The gate runs without its page, and says so wherever a person may look."""
    problem = f"cannot listen on 127.0.0.1 port {port}"
    assert problem in send_request(site.state, StatusRequest())["problems"]["page"]
    (page,) = [part for part in _parts(site)["parts"] if part["name"] == "page"]
    assert page["state"] == "lost"
    assert problem in run_gate("lane", "status", "--config", site.config).stdout
    assert "the lane runs without its page" in run_gate("doctor", "--config", site.config, "--json").stdout
