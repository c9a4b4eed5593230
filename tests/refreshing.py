"""Refreshes for tests: a registry whose data moves on from day to day, and a cache that follows it.

Test modules take the fixtures by `pytest_plugins` (PYTEST_DONT_REWRITE: nothing is asserted here).
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from crawler.client import Client
from crawler.config import Cache
from crawler.crawl import Closeness, Plan, Report, crawl
from crawler.refresh import Refreshed, Wish, refresh
from crawler.registry import Registry
from crawler.store import Store
from index.build import update
from tests.crawling import flat
from tests.faults import Script
from tests.records import study
from tests.serving import Served, fill, served

FIRST = "2026-08-19T09:00:06"
SECOND = "2026-08-20T09:00:06"
THIRD = "2026-08-21T09:00:06"


def dated(number: int, day: str = "2026-08-01", **modules: dict[str, Any]) -> dict[str, Any]:
    """Make a record by its number, last updated on a day."""
    made = study(f"NCT{number:08d}", **modules)
    made["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"] = {"date": day}
    return made


def ids(*numbers: int) -> list[str]:
    """NCT ids by their numbers."""
    return [f"NCT{number:08d}" for number in numbers]


@dataclass
class World:
    """A registry and a cache; what is asked at pace 0 is noted in `script`."""

    registry: Served
    cache: Cache
    closeness: Closeness = flat
    body_limit_bytes: int = 1 << 26
    deadline_seconds: float = 60.0
    waits: list[float] = field(default_factory=list)

    @property
    def script(self) -> Script:
        """How the registry fares, and what it was asked."""
        return self.registry.script

    def publish(
        self, *records: dict[str, Any], day: str, gone: Sequence[str] = (), aliases: dict[str, str] | None = None
    ) -> None:
        """Let the registry have new data: records new or newer, some gone, some redirected (old id → id)."""
        with Store.writing(self.registry.cache) as store, store.transaction():
            for ident in gone:
                store.mark_gone(ident, day)
            for alias, ident in (aliases or {}).items():
                store.tell_alias(alias, ident)
        fill(self.registry.cache, records, day)

    def restore(self, ident: str, day: str) -> None:
        """Let the registry have a record again that was gone or redirected."""
        with Store.writing(self.registry.cache) as store:
            with store.transaction():
                store.keep(store.raw(ident), day)
                store.set_meta("data_timestamp", day)
            update(store, "auto", lambda _more: None, rebuild=True)

    def _client(self) -> Client:
        return Client(
            self.registry.base,
            pace_seconds=0,
            deadline_seconds=self.deadline_seconds,
            body_limit_bytes=self.body_limit_bytes,
            sleep=self.waits.append,
        )

    def crawl(self, *seeds: str, depth: int = 0, limit: int = 200, queries: tuple[str, ...] = ()) -> Report:
        """Crawl into the cache."""
        plan = Plan(self.registry.base, seeds, (), queries, depth, limit)
        with self._client() as client, Store.writing(self.cache) as store:
            report = crawl(plan, store, Registry(client), self.closeness, lambda _more: None)
        self.script.calls.clear()
        return report

    def __call__(self, *, whole: bool = False, sweep: bool = False, trusted: bool = False) -> Refreshed:
        """Refresh the cache."""
        wish = Wish(self.registry.base, whole, sweep, trusted)
        self.script.calls.clear()
        with self._client() as client, Store.writing(self.cache) as store:
            return refresh(wish, store, Registry(client), self.closeness, lambda _more: None)


class Worlds(Protocol):
    """Makes a world of one's own records."""

    def __call__(self, *records: dict[str, Any]) -> World:
        """Serve the records of the first day until the test ends."""


@pytest.fixture
def world(cache: Cache) -> Iterator[Worlds]:
    """A registry of one's own records, and an empty cache."""
    with ExitStack() as opened:

        def make(*records: dict[str, Any]) -> World:
            source = Cache(cache.folder.with_name("registry"))
            fill(source, records, FIRST)
            return World(opened.enter_context(served(source)), cache)

        yield make


def living(cache: Cache) -> dict[str, tuple[bytes, str | None]]:
    """Body and date of update of every living trial, in order of NCT id."""
    with Store.reading(cache) as store:
        return {raw.nct_id: (raw.body, raw.last_update_posted) for raw in store.records()}


def summary(report: Refreshed) -> tuple[dict[str, int], list[str | None], str | None]:
    """Counts, ids that failed, why it stopped."""
    return report.counts, [failed.nct_id for failed in report.failed], report.stopped
