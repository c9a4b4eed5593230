"""Pages for tests: a cache served over real HTTP on loopback, and what stands on a page as a reader would find it.

Test modules take the fixture by `pytest_plugins` (PYTEST_DONT_REWRITE: asserted here is only that a page is one).
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from index.build import update
from serve.server import application, serving
from tests.records import body


def filled(folder: Path, records: Sequence[dict[str, Any]]) -> Cache:
    """Make a cache of some records, indexed."""
    cache = Cache(folder)
    add(cache, records)
    with Store.writing(cache) as store:
        update(store, "auto", lambda _more: None)
    return cache


def add(cache: Cache, records: Sequence[dict[str, Any]]) -> None:
    """Put records into a cache and leave its index as it is."""
    path = cache.folder.with_name(f"{cache.folder.name}.jsonl")
    path.write_bytes(b"\n".join(map(body, records)))
    with Store.writing(cache) as store:
        load(store, [str(path)], lambda _more: None)


def copied(cache: Cache, folder: Path) -> Cache:
    """Copy a cache, to be written."""
    return Cache(Path(shutil.copytree(cache.folder, folder)))


@contextmanager
def web(cache: Cache) -> Iterator[httpx.Client]:
    """Serve a cache while the block runs; yields a client that follows no redirect."""
    with serving(application(cache)) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(scope="session")
def sample_site(sample_cache: Cache) -> Iterator[httpx.Client]:
    """The bundled sample, served once for all."""
    with web(sample_cache) as client:
        yield client


def squeezed(text: str) -> str:
    """A text with its white space as a browser shows it."""
    return " ".join(text.split())


@dataclass(frozen=True)
class Page:
    """A page that came."""

    status: int
    html: str
    tree: LexborHTMLParser

    def all(self, selector: str) -> list[LexborNode]:
        """Elements that a CSS selector finds."""
        return list(self.tree.css(selector))

    def texts(self, selector: str) -> list[str]:
        """Their texts."""
        return [squeezed(node.text()) for node in self.all(selector)]

    def text(self, selector: str = "body") -> str:
        """The text of the one there must be."""
        (found,) = self.texts(selector)
        return found

    def links(self, selector: str) -> dict[str, str]:
        """Addresses of the links found, by their texts (without what only a screen reader says)."""
        return {_seen(node): node.attributes["href"] or "" for node in self.all(selector)}

    def facet(self, label: str) -> dict[str, int]:
        """Counts of one facet by the words of its values."""
        counts = {}
        for row in self._facet(label).css("li"):
            words, number = row.css_first(".choice"), row.css_first(".count")
            assert words is not None
            assert number is not None
            counts[_seen(words)] = int(number.text().replace(",", ""))
        return counts

    def facet_links(self, label: str) -> dict[str, str]:
        """Addresses of one facet's values."""
        return {_seen(node): node.attributes["href"] or "" for node in self._facet(label).css("a.choice")}

    def chosen(self, label: str) -> list[str]:
        """Values of a facet that are marked as chosen."""
        return [_seen(node) for node in self._facet(label).css("a.choice[aria-current]")]

    def _facet(self, label: str) -> LexborNode:
        (found,) = (node for node in self.all(".filters details") if squeezed(node.css("h3")[0].text()) == label)
        return found

    def section(self, heading: str) -> str:
        """The text of a trial page's section."""
        (found,) = (node for node in self.all("section") if heading in [squeezed(h.text()) for h in node.css("h2")])
        return squeezed(found.text())

    @property
    def sheet(self) -> dict[str, str]:
        """Terms and what is told of them."""
        pairs = ((node.css("dt")[0], node.css("dd")[0]) for node in self.all(".sheet > div"))
        return {squeezed(term.text()): squeezed(told.text()) for term, told in pairs}


def _seen(node: LexborNode) -> str:
    hidden = squeezed("".join(part.text() for part in node.css(".unseen")))
    return squeezed(node.text()).removeprefix(hidden).removesuffix("×").strip()


def page(client: httpx.Client, url: str) -> Page:
    """Fetch a page."""
    answer = client.get(url)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.status_code, answer.text, LexborHTMLParser(answer.text))


def hit_ids(found: Page) -> list[str]:
    """Ids of the hits on a search page, in order."""
    return found.texts(".hits .id")


def asks(url: str) -> list[tuple[str, str]]:
    """What an address asks, as (name, value)."""
    return parse_qsl(urlsplit(url).query)
