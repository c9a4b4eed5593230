"""Pages as a browser lays them out: nothing runs over the edge, nothing is refused, keys are enough."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser import Browser, Window, browsing
from tests.conftest import BROWSER

pytest_plugins = ("tests.web",)
pytestmark = pytest.mark.browser

DESKTOP, PHONE, SMALLEST = 1280, 390, 320
PAGES = {
    "home": "/",
    "search": "/search?q=systemic+sclerosis&phase=2&phase=3&cond=scleroderma",
    "mistake": "/search?q=status%3Arecuiting",
    "trial": "/trials/NCT05300932",
    "long-trial": "/trials/NCT00000620",
}
OVER_THE_EDGE = """[...document.querySelectorAll("body *")].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width && box.right > document.documentElement.clientWidth + 1 && !element.closest(".unseen, pre, .skip");
}).map(element => element.outerHTML.slice(0, 80))"""
UNFOLD = "document.querySelectorAll('details').forEach(element => element.open = true)"
FOCUSED = """(() => {
  const element = document.activeElement, style = getComputedStyle(element);
  return [element.innerText || element.id, style.outlineStyle, parseFloat(style.outlineWidth)];
})()"""
CONTRAST = """(() => {
  const parts = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = color => parts(color).map(part => part / 255)
    .map(part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("option")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + .05) / (other + .05);
    if (ratio < 4.5) low.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return low;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert BROWSER is not None
    with browsing(BROWSER, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def address(sample_site: httpx.Client) -> str:
    return str(sample_site.base_url).rstrip("/")


@pytest.mark.parametrize("width", [DESKTOP, PHONE, SMALLEST])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_over_the_edge(browser: Browser, address: str, tmp_path: Path, name: str, width: int) -> None:
    with browser.window(address + PAGES[name], width) as window:
        for script in ("", UNFOLD):
            window.value(script)
            assert window.value("document.documentElement.scrollWidth") <= width
            assert window.value(OVER_THE_EDGE) == []
        lines = window.value("[...document.querySelectorAll('.number, .count')].map(element => element.clientHeight)")
        assert max(lines, default=0) < 40  # a number is one line
        assert window.picture(tmp_path / f"{name}-{width}.png").startswith(b"\x89PNG")


@pytest.mark.parametrize("name", PAGES)
def test_a_browser_refuses_nothing_and_misses_nothing(browser: Browser, address: str, name: str) -> None:
    with browser.window(address + PAGES[name], DESKTOP) as window:
        told = [text for text in window.complaints if "400 (Bad Request)" not in text]  # of the mistake's own page
        assert told == []
        assert window.value("document.styleSheets.length") == 1
        assert window.value("document.styleSheets[0].cssRules.length") > 50
        assert window.value("document.scripts.length") == 0


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", PAGES)
def test_every_text_stands_out_from_its_ground(browser: Browser, address: str, name: str, *, dark: bool) -> None:
    with browser.window(address + PAGES[name], DESKTOP, dark=dark) as window:
        window.value(UNFOLD)
        ground = window.value("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") is not dark
        assert window.value(CONTRAST) == []


def focus_after(window: Window, presses: int) -> list[tuple[str, str, float]]:
    seen = []
    for _ in range(presses):
        window.press("Tab", 9)
        words, style, width = window.value(FOCUSED)
        seen.append((" ".join(words.split()), style, width))
    return seen


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Browser, address: str) -> None:
    with browser.window(address + PAGES["search"], DESKTOP) as window:
        seen = focus_after(window, 12)
    assert [words for words, _, _ in seen[:4]] == ["Skip to the content", "trialkin", "q", "Search"]
    assert all(style == "solid" and width >= 2 for _, style, width in seen)
    assert any(words.startswith("Remove the filter") for words, _, _ in seen)


def test_a_search_is_typed_and_found_without_a_script(browser: Browser, address: str) -> None:
    with browser.window(address + "/", PHONE) as window:
        focus_after(window, 3)
        window.type('cond:"systemic sclerosis" phase:4')
        assert window.value("document.querySelector('#total').innerText") == "1 trial"
        assert window.value("document.querySelector('.hits .id').innerText") == "NCT05300932"
        assert window.value("location.pathname") == "/search"


def test_a_phone_shows_one_column_and_a_desk_two(browser: Browser, address: str) -> None:
    left_of = "document.querySelector('aside').getBoundingClientRect().left"
    with browser.window(address + PAGES["trial"], DESKTOP) as window:
        assert window.value(left_of) > 600
    with browser.window(address + PAGES["trial"], PHONE) as window:
        assert window.value(left_of) < 30
        assert window.value("getComputedStyle(document.querySelector('.jump')).display") != "none"
