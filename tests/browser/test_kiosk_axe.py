"""Nothing on the page keeps a person from using it, as axe-core sees it, in every scene."""

import pytest
from selenium.webdriver import Chrome

from tests.browser.contents import distinct
from tests.browser.desk_rig import AXE
from tests.browser.rig import ABOUT, set_screen

pytestmark = pytest.mark.browser

FOUND = """
const [pages, done] = arguments;
import("/static/kiosk.js").then(async ({ render }) => {
  const found = [];
  for (const page of pages) {
    render(page);
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    found.push(...violations.map(({ id, nodes }) => `${page.scene}: ${id} ${nodes[0].html}`));
  }
  done(found);
}).catch((error) => done([String(error)]));
"""


def test_no_scene_has_a_finding(still: Chrome) -> None:
    set_screen(still, 1280, 800)
    scenes = {shown["scene"]: shown for shown in distinct(ABOUT, ("kk", "ru", "en"))}
    still.execute_script(AXE)
    assert still.execute_async_script(FOUND, list(scenes.values())) == []
