"""Crawls for tests: of the bundled sample, of a crowd of alike trials, of one's own records; and what comes of them.

Test modules take the fixtures by `pytest_plugins` (PYTEST_DONT_REWRITE: nothing is asserted here).
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import pytest

from crawler.client import Client
from crawler.config import Cache
from crawler.crawl import Closeness, Plan, Report, crawl
from crawler.record import RawRecord
from crawler.registry import Registry
from crawler.store import Store
from index.similar.closeness import closeness as real_closeness
from tests.records import study
from tests.serving import Served, fill, served

CROWD = [f"NCT{number:08d}" for number in range(1, 321)]
HUB = "NCT00001000"
DAY = "2026-08-19T09:00:06"  # of the data


def flat(_seeds: Sequence[RawRecord], records: Sequence[RawRecord]) -> list[float]:
    """Closeness that tells nothing: neighbours come in order of NCT id."""
    return [0.0] * len(records)


def told(**closeness: float) -> Closeness:
    """Closeness by a table of NCT ids; what stands in none is 0."""
    return lambda _seeds, records: [closeness.get(raw.nct_id, 0.0) for raw in records]


@dataclass
class Crawler:
    """Crawls a registry into a cache, at pace 0; the waits it would have made are noted."""

    registry: Served
    cache: Cache
    closeness: Closeness = real_closeness
    body_limit_bytes: int = 1 << 20
    deadline_seconds: float = 60.0
    waits: list[float] = field(default_factory=list)

    def __call__(
        self,
        *seeds: str,
        depth: int = 2,
        limit: int = 200,
        listed: tuple[tuple[str, str, str], ...] = (),
        queries: tuple[str, ...] = (),
    ) -> Report:
        """Carry out one plan."""
        plan = Plan(self.registry.base, seeds, listed, queries, depth, limit)
        with (
            Client(
                self.registry.base,
                pace_seconds=0,
                deadline_seconds=self.deadline_seconds,
                body_limit_bytes=self.body_limit_bytes,
                sleep=self.waits.append,
            ) as client,
            Store.writing(self.cache) as store,
        ):
            return crawl(plan, store, Registry(client), self.closeness, lambda _more: None)


@pytest.fixture
def crawler(registry: Served, cache: Cache) -> Crawler:
    """Crawls the sample into an empty cache."""
    return Crawler(registry, cache)


# -- registries ------------------------------------------------------------------------------------------------------


def member(nct_id: str) -> dict[str, Any]:
    """One of the crowd; every thirtieth, the first included, has a drug as well."""
    drugs = [{"type": "DRUG", "name": "Imaginumab"}] if int(nct_id[3:]) % 30 == 1 else []
    return study(
        nct_id, conditionsModule={"conditions": ["Scleroderma"]}, armsInterventionsModule={"interventions": drugs}
    )


def mentions(nct_id: str, *others: str, **modules: dict[str, Any]) -> dict[str, Any]:
    """Make a record whose summary names others."""
    return study(nct_id, descriptionModule={"briefSummary": f"After {', '.join(others)}"}, **modules)


@pytest.fixture(scope="session")
def _crowd_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    cache = Cache(tmp_path_factory.mktemp("crowd") / "cache")
    lacking = ("NCT00002001", "NCT00002002", "NCT00002003")
    hub = mentions(HUB, *CROWD[1:151], *lacking, conditionsModule={"conditions": ["Gout"]})
    fill(cache, [*map(member, CROWD), hub], DAY)
    with served(cache) as registry:
        yield registry


@pytest.fixture
def crowd(_crowd_served: Served) -> Served:
    """A registry of 320 trials of scleroderma, and a hub that names 150 of them and three that are not there."""
    _crowd_served.script.clear()
    return _crowd_served


class Own(Protocol):
    """Makes a crawler of a registry of one's own records; neighbours come in order of NCT id."""

    def __call__(self, *records: dict[str, Any]) -> Crawler:
        """Serve the records until the test ends."""


@pytest.fixture
def own(cache: Cache) -> Iterator[Own]:
    """A registry of one's own records."""
    with ExitStack() as opened:

        def make(*records: dict[str, Any]) -> Crawler:
            source = Cache(cache.folder.with_name("own"))
            fill(source, records, DAY)
            return Crawler(opened.enter_context(served(source)), cache, flat)

        yield make


# -- what comes of them ----------------------------------------------------------------------------------------------


def reached(report: Report) -> list[tuple[str, int]]:
    """Ids and depths, in order."""
    return [(trial.nct_id, trial.depth) for trial in report.reached]


def because(report: Report, nct_id: str) -> list[tuple[str, str | None, str]]:
    """Kind, source and evidence of every link that led to a trial."""
    (trial,) = (trial for trial in report.reached if trial.nct_id == nct_id)
    return [(link.kind, link.source, link.evidence) for link in trial.because]


def whole(report: Report) -> tuple[object, ...]:
    """All of a report that says nothing of how it came about."""
    return report.reached, report.failed, report.left, report.partly_failed, report.stopped


def bodies(cache: Cache) -> dict[str, bytes]:
    """The bytes of every trial that a cache holds, in order of NCT id."""
    with Store.reading(cache) as store:
        ids = [nct_id for (nct_id,) in store.db.execute("SELECT nct_id FROM trial ORDER BY 1")]
        return {nct_id: store.raw(nct_id).body for nct_id in ids}


def places(client: httpx.Client, asked: str) -> dict[str, str]:
    """Evidence for each hit of a query, from the order that the registry gives when it is asked directly."""
    parameters = dict(part.split("=", 1) for part in asked.replace(" query.", "\nquery.").split("\n"))
    page = client.get("/studies", params={**parameters, "pageSize": "200"}).json()
    ids = [found["protocolSection"]["identificationModule"]["nctId"] for found in page["studies"]]
    return {nct_id: f"{asked}, place {place}" for place, nct_id in enumerate(ids, 1)}
