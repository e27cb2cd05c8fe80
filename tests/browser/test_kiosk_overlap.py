"""No words lie on others, in any order of languages, on screens of every shape."""

import pytest
from selenium.webdriver import Chrome

from tests.browser.contents import CROWDED, ORDERS, distinct
from tests.browser.rig import ABOUT, set_screen

pytestmark = pytest.mark.browser

SCREENS = ((800, 480), (1024, 600), (1280, 800), (1024, 768), (720, 817), (720, 720), (1080, 1080), (768, 1024))
OVERLAPS = """
const [pages, done] = arguments;
import("/static/kiosk.js").then(({ render }) => {
  const found = [];
  for (const page of pages) {
    render(page);
    const texts = document.querySelectorAll("#words :is(.headline, .advice), .notice, .help, .strip > *");
    const seen = (text) => text.textContent.trim() && text.checkVisibility({ opacityProperty: true });
    const boxes = [...texts].filter(seen).map((text) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      const { left, right, top, bottom } = range.getBoundingClientRect();
      return { text, left, right, top, bottom, head: text.matches(".headline") };
    });
    boxes.forEach((one, i) => {
      for (const other of boxes.slice(i + 1)) {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        const apart = one.head && other.head ? 0.5 * parseFloat(getComputedStyle(one.text).fontSize) : -1;
        if (high > 1 && -wide < apart)
          found.push(`${page.scene} ${page.reason}: ${one.text.textContent} | ${other.text.textContent}: ${-wide} px`);
      }
    });
  }
  done(found);
}).catch((error) => done([String(error)]));
"""


@pytest.mark.parametrize("size", SCREENS, ids=lambda size: "x".join(map(str, size)))
def test_no_words_lie_on_others(still: Chrome, size: tuple[int, int]) -> None:
    """Headlines side by side are half a letter's height apart, else they read as one sentence."""
    set_screen(still, *size)
    shown = distinct(ABOUT, *ORDERS) + distinct(CROWDED, *ORDERS[::3])
    assert still.execute_async_script(OVERLAPS, shown) == []
