"""The guides of whole doors: their files are good, their drawings fit them, and both languages say the same."""

import re
import tomllib
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gate import registry
from gate.device.config_check import missing_in, warnings_of
from gate.settings.load import read_settings
from tests.system.card_rig import ROOT_JSON, unpacked
from tests.unit.guides import FENCE, ROOT

FOLDER = ROOT / "config" / "guides"
GUIDES = sorted(path for path in FOLDER.glob("*.md") if not path.name.endswith(".ru.md") and path.name != "README.md")
DOORS = [path for path in GUIDES if path.name != "commissioning.md"]
HEADER_PINS = {17: 11, 22: 15, 23: 16, 24: 18, 27: 13}  # BCM line -> pin of the Raspberry Pi's 40-pin header
GROUNDS = {6, 9, 14, 20, 25, 30, 34, 39}
SVG = "{http://www.w3.org/2000/svg}"


def configuration(path: Path) -> str:
    (found,) = (block[3] for block in FENCE.finditer(path.read_text()) if block[2] == "toml" and "[device]" in block[3])
    return found


def lines_of(path: Path) -> set[int]:
    tables = tomllib.loads(configuration(path))
    return {table["line"] for table in (tables["barrier"], *tables["input"]) if "line" in table}


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.stem)
def test_the_file_of_a_door_passes_every_check(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(configuration(path))
    loaded = read_settings(file, registry.config_of)
    assert missing_in(loaded) == []
    assert [warning.what for warning in warnings_of(loaded, 1_764_000_000.0) if "simulated" in warning.what] == []
    assert configuration(path).count("FILL IN") >= 5
    assert loaded.settings.lane.mode == "enforce"
    fire = next(contact for contact in loaded.settings.inputs if contact.role == "fire")
    assert getattr(fire, "normally", "") == "closed"


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.stem)
def test_the_file_of_a_door_is_good_on_a_card(path: Path, tmp_path: Path) -> None:
    """As `commissioning.md` makes it: with the table [provision] at its end."""
    commissioning = (FOLDER / "commissioning.md").read_text()
    (provision,) = (block[3] for block in FENCE.finditer(commissioning) if "[provision]" in block[3])
    digest = sha256(ROOT_JSON).hexdigest()
    image = unpacked(tmp_path / "image")
    image.write(configuration(path) + re.sub(r'(?m)^ *(root_sha256 = )".*?"', rf'\1"{digest}"', provision))
    done = image.provision()
    assert done.returncode == 0, image.result


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.stem)
def test_the_wiring_names_the_lines_of_the_file(path: Path) -> None:
    wanted = {(HEADER_PINS[line], line) for line in lines_of(path)}
    drawing = ElementTree.parse(path.with_suffix(".svg")).getroot()  # noqa: S314 - our own
    texts = " ".join(str(one.text) for one in drawing.iter(f"{SVG}text"))
    assert {(int(pin), int(line)) for pin, line in re.findall(r"pin (\d+): GPIO (\d+)", texts)} == wanted
    assert {int(pin) for pin in re.findall(r"pin (\d+): GND", texts)} <= GROUNDS
    for guide in (path, path.with_suffix(".ru.md")):
        named = re.findall(r"(\d+) \(GPIO (\d+)\)", guide.read_text())
        assert {(int(pin), int(line)) for pin, line in named} == wanted
        assert {int(pin) for pin in re.findall(r"(\d+) \(GND\)", guide.read_text())} <= GROUNDS


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_a_drawing_says_what_it_shows_and_loads_nothing(path: Path) -> None:
    drawing = ElementTree.parse(path).getroot()  # noqa: S314 - our own
    assert drawing.tag == f"{SVG}svg"
    for name in ("title", "desc"):
        words = drawing.find(f"{SVG}{name}")
        assert words is not None
        assert words.text
    assert {one.tag.removeprefix(SVG) for one in drawing.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "text", "circle", "polyline", "line", "path")
    }
    width, height = (float(size) for size in drawing.attrib["viewBox"].split()[2:])
    for text in drawing.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height
    assert any(f"]({path.name})" in guide.read_text() for guide in GUIDES)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_both_languages_have_the_same_parts(path: Path) -> None:
    english, russian = path.read_text(), path.with_suffix(".ru.md").read_text()

    def code(text: str) -> list[str]:
        return [re.sub(r" +# .*", "", block[3]) for block in FENCE.finditer(text)]

    assert code(english) == code(russian)
    for part in (r"^(#+) ", r"^(\|)", r"^ *(-|\d+\.) ", r"^!\[.*\]\((.*)\)", r"`([a-z_]{8,})`"):
        assert re.findall(part, english, re.MULTILINE) == re.findall(part, russian, re.MULTILINE), part
