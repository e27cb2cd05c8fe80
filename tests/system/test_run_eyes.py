"""`gate run` before whom more than one code is held up."""

from pathlib import Path

from gate.core.model import Listing, Status
from gate.testing.relay_board import RelayBoard
from tests.contract.camera_rigs import put
from tests.system.rig import Site, camera, eventually, lcus, running

MENU = "https://example.org/menu"


def test_a_pass_beside_a_menu_is_one_answer_and_a_menu_alone_is_another(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN, 2: Listing.GREEN})
    site.load_list()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    put(pictures, "1.png", MENU, site.issue(1, Status.GREEN))
    put(pictures, "2.png", "WIFI:T:WPA;S:guests;;")
    put(pictures, "3.png", site.issue(2, Status.GREEN), MENU)
    with RelayBoard(tmp_path / "relay") as board:
        site.configure(camera(pictures), lcus(board))
        with running(site):
            eventually(lambda: len(site.reasons()) >= 3 and board.openings == 2, "three answers")
    assert site.reasons() == ["admitted", "unreadable", "admitted"]
