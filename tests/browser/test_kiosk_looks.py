"""Everything the page can say fits, can be read, and needs no colour to be understood."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from selenium.webdriver import Chrome

from gate.core.outlet_events import CodeSeen, ListChanged
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.kiosk.about import About
from gate.kiosk.fault_codes import REASON_CODES
from gate.kiosk.page_state import Scene
from tests.browser.contents import CROWDED, ORDERS, distinct, page, pages
from tests.browser.rig import ABOUT, set_screen

pytestmark = pytest.mark.browser

SCREENS = ((800, 480), (480, 800), (1920, 1080))


MEASURE = """
const [pages, large, small, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  const found = [];
  for (const page of pages) {
    render(page);
    const say = (text) => found.push(`${page.scene} ${page.reason}: ${text}`);
    const box = document.getElementById("words").getBoundingClientRect();
    const sign = [...document.querySelectorAll(".sign svg")].filter((svg) => svg.getBoundingClientRect().width);
    if (sign.length !== 1) say(`${sign.length} signs`);
    else {
      const seen = sign[0].getBoundingClientRect();
      if (seen.right > box.left && seen.bottom > box.top) say("the sign lies under the words");
      if (seen.left < 0 || seen.top < 0) say("the sign is cut off");
      if (Math.min(seen.width, seen.height) < 0.2 * Math.min(innerWidth, innerHeight)) say("the sign is small");
    }
    const side = Math.min(innerWidth, innerHeight);
    for (const text of document.querySelectorAll("#words :is(.headline, .advice)")) {
      const range = document.createRange();
      range.selectNodeContents(text);
      const seen = range.getBoundingClientRect();
      const size = parseFloat(getComputedStyle(text).fontSize);
      const rows = text.getBoundingClientRect();
      const beside = seen.left < box.left - 1 || seen.right > box.right + 1;
      const beyond = rows.top < box.top - 1 || rows.bottom > box.bottom + 1;
      if (beside || beyond) say(`${text.textContent} leaves its place`);
      if (size < (text.closest(".others") ? small : large) * side) say(`${text.textContent} is small: ${size / side}`);
    }
    const heads = [...document.querySelectorAll("#words .headline")];
    const sizes = heads.map((head) => parseFloat(getComputedStyle(head).fontSize));
    if (!sizes.slice(1).every((size) => size < 0.8 * sizes[0])) say("the first language is not the largest");
    const strip = document.querySelector(".strip").getBoundingClientRect();
    if (Math.abs(strip.bottom - innerHeight) > 1) say("the strip is not at the bottom");
    if (document.body.scrollWidth > innerWidth || document.body.scrollHeight > innerHeight) say("the page scrolls");
  }
  done(found);
}).catch((error) => done([String(error)]));
"""


@pytest.mark.parametrize("size", SCREENS, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize(
    ("about", "orders", "large", "small"),  # smallest letters, as a share of the screen's shorter side
    [(ABOUT, ORDERS, 0.045, 0.030), (CROWDED, ORDERS[::2], 0.036, 0.024)],
    ids=["in service", "pilot with every banner"],
)
def test_everything_fits_in_every_order_of_languages(
    still: Chrome,
    about: About,
    orders: Sequence[tuple[str, ...]],
    large: float,
    small: float,
    size: tuple[int, int],
) -> None:
    set_screen(still, *size)
    shown = distinct(about, *orders)
    assert {shown["reason"] for shown in shown} >= set(Reason) - {Reason.LANE_BUSY} - set(REASON_CODES)
    every = {Scene.COACH, Scene.SHUT_DOOR, Scene.MAINTENANCE, Scene.FIRE}
    assert {shown["scene"] for shown in shown} >= (
        every if about is CROWDED else every | {Scene.IDLE, Scene.UNAVAILABLE}
    )
    assert still.execute_async_script(MEASURE, shown, large, small) == []


@pytest.mark.parametrize("languages", [("kk",), ("ru",), ("en",), ("kk", "ru")], ids="+".join)
def test_fewer_languages_fit_as_well(still: Chrome, languages: tuple[str, ...]) -> None:
    for size in SCREENS:
        set_screen(still, *size)
        assert still.execute_async_script(MEASURE, pages(replace(ABOUT, languages=languages)), 0.045, 0.030) == []


COLOURS = """
const [pages, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  const found = [];
  for (const page of pages) {
    render(page);
    const take = (kind, what, front, back) => found.push([page.scene, kind, what, front, back]);
    const body = getComputedStyle(document.body).backgroundColor;
    const leaf = getComputedStyle(document.querySelector(".leaves i"));
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (at === document.body) return [body, [leaf.backgroundColor, leaf.opacity]];
        if (colour !== "rgba(0, 0, 0, 0)") return [colour, null];
      }
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.textContent.trim() || !element.getClientRects().length) continue;
      take("text", walker.currentNode.textContent, getComputedStyle(element).color, ground(element));
    }
    const svg = [...document.querySelectorAll(".sign svg")].find((svg) => svg.getClientRects().length);
    const solid = getComputedStyle(document.querySelector(".solid")).fill;
    for (const part of svg.querySelectorAll("path, rect, circle")) {
      const style = getComputedStyle(part);
      const cut = part.matches(".cut, .cutline, .stripes");
      const on = part.matches(".stripes") ? getComputedStyle(svg.querySelector(".bar")).fill : solid;
      const front = style.fill === "none" ? style.stroke : style.fill;
      take("sign", part.getAttribute("class"), front, cut ? [on, null] : ground(svg));
    }
  }
  done(found);
}).catch((error) => done(String(error)));
"""


def channels(css: str) -> tuple[float, float, float]:
    red, green, blue = (float(part) for part in css[css.index("(") + 1 : -1].split(",")[:3])
    return red, green, blue


def luminance(colour: tuple[float, float, float]) -> float:
    """WCAG 2.2, relative luminance."""
    red, green, blue = (c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def grounds(back: tuple[str, list[str] | None]) -> Iterator[tuple[float, float, float]]:
    """What can lie behind: the bare ground, and the ground with a leaf of the gate over it."""
    bare, leaf = channels(back[0]), back[1]
    yield bare
    if leaf:
        share = float(leaf[1])
        red, green, blue = (share * b + (1 - share) * a for a, b in zip(bare, channels(leaf[0]), strict=True))
        yield red, green, blue


def test_contrast_of_every_text_and_sign(still: Chrome) -> None:
    every = [*pages(ABOUT), *pages(CROWDED)]
    measured = still.execute_async_script(COLOURS, every)
    assert {scene for scene, *_ in measured} == set(Scene)
    poor = [
        (scene, what, round(ratio, 2))
        for scene, kind, what, front, back in measured
        for behind in grounds(back)
        if (ratio := contrast(channels(front), behind)) < (4.5 if kind == "text" else 3.0)
    ]
    assert poor == []


def test_the_verdicts_differ_without_colour(still: Chrome) -> None:
    """Each scene has its own sign, and the words differ."""
    every = "return [...document.querySelectorAll('.sign svg:not(.arrow)')]"
    signs = still.execute_script(f"{every}.map(s => s.innerHTML)")
    assert len(set(signs)) == len(signs)
    shapes = still.execute_script(f"{every}.map(s => s.dataset.for)")
    assert " ".join(shapes) == (
        "idle seen coach admitted let_through refused held wait shut_door unavailable "
        "out_of_service no_signal maintenance locked_down free fire fire"
    )


SHAPES = """
const [pages, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  done(pages.map((page) => {
    render(page);
    const svg = [...document.querySelectorAll(".sign svg")].find((svg) => svg.getClientRects().length);
    const sign = getComputedStyle(svg.querySelector(".solid")).fill;
    return [page.scene, sign, getComputedStyle(document.body).backgroundColor];
  }));
});
"""


def test_the_signs_are_there_in_colours_of_somebodys_own_choice(chrome: Chrome, still: Chrome) -> None:
    forced = [{"name": "forced-colors", "value": "active"}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": forced})
    shapes = still.execute_async_script(SHAPES, pages(ABOUT))
    assert {scene for scene, *_ in shapes} >= {Scene.ADMITTED, Scene.REFUSED, Scene.HELD, Scene.WAIT}
    assert [scene for scene, sign, ground in shapes if contrast(channels(sign), channels(ground)) < 7] == []


RUNNING = """
const [pages, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  const moving = pages.map((page) => { render(page); return document.getAnimations().length; });
  done(moving);
});
"""


def test_no_motion_for_those_who_want_none(chrome: Chrome, still: Chrome) -> None:
    assert set(still.execute_async_script(RUNNING, pages(ABOUT))) == {0}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert max(chrome.execute_async_script(RUNNING, pages(ABOUT))) > 0


def test_kazakh_letters_come_from_the_same_font_as_the_rest(still: Chrome) -> None:
    letters = {"lang": "kk", "headline": "ӘҒҚҢӨҰҮҺІ әғқңөұүһі", "advice": "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"}
    plain = {"lang": "ru", "headline": "Ж", "advice": "ж"}
    shown = {**page(ABOUT), "lines": [letters, plain]}
    still.execute_async_script(RUNNING, [shown])
    still.execute_cdp_cmd("DOM.enable", {})
    still.execute_cdp_cmd("CSS.enable", {})
    root = still.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
    query = {"nodeId": root, "selector": "#words :is(.headline, .advice)"}
    fonts = {
        tuple(
            font["familyName"]
            for font in still.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        )
        for node in still.execute_cdp_cmd("DOM.querySelectorAll", query)["nodeIds"]
    }
    assert len(fonts) == 1
    assert len(fonts.pop()) == 1
    assert json.dumps(still.execute_script("return document.querySelector('.headline').textContent")) != '""'


SEVERITY = """
const [page, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  render(page);
  const parts = ["list", "simulated", "trial"].map((id) => document.getElementById(id));
  done(parts.map((part) => getComputedStyle(part, "::before").content));
});
"""


def test_chosen_colours_keep_how_bad_it_is(chrome: Chrome, still: Chrome) -> None:
    old = ListChanged(0, 1, 1_799_000_000, Freshness.WARN)
    for grade, mark in ((Freshness.WARN, "! "), (Freshness.REFUSE, "\u00d7 ")):
        shown = page(CROWDED, replace(old, freshness=grade))
        assert still.execute_async_script(SEVERITY, shown) == ["none"] * 3  # colour says it
        forced = [{"name": "forced-colors", "value": "active"}]
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": forced})
        assert still.execute_async_script(SEVERITY, shown) == [f'"{mark}"', '"! "', '"! "']
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


PLACES = """
const [pages, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  done(pages.map((page) => { render(page); return getComputedStyle(document.querySelector(".sign")).flexDirection; }));
});
"""


@pytest.mark.parametrize("size", [(720, 817), (720, 720), (1024, 768)], ids=lambda size: "x".join(map(str, size)))
def test_a_banner_moves_nothing_to_another_place(still: Chrome, size: tuple[int, int]) -> None:
    set_screen(still, *size)
    assert len(set(still.execute_async_script(PLACES, [page(ABOUT), page(CROWDED)]))) == 1


TURNS = """
const done = arguments[0];
const shown = () => [...document.querySelectorAll(".others > .now")].map((line) => line.lang);
const first = shown();
setTimeout(() => done([document.getElementById("words").matches(".turning"), first, shown()]), 4200);
"""


def test_on_a_small_screen_the_second_and_the_third_language_take_turns(still: Chrome) -> None:
    set_screen(still, 800, 480)
    still.execute_async_script(RUNNING, [page(ABOUT)])
    turning, first, then = still.execute_async_script(TURNS)
    assert turning
    assert {tuple(first), tuple(then)} == {("ru",), ("en",)}
    set_screen(still, 1280, 800)
    still.execute_async_script(RUNNING, [page(ABOUT, CodeSeen(0, ""))])
    assert not still.execute_script("return document.getElementById('words').matches('.turning')")
