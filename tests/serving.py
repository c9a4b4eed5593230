"""Registries for tests, over real HTTP on loopback, and clients that ask them.

Test modules take the fixtures by `pytest_plugins` (PYTEST_DONT_REWRITE: nothing is asserted here).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from crawler.client import Client, Response
from crawler.config import BODY_LIMIT_BYTES, Cache
from crawler.load import load
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from serve.server import application, serving
from tests.faults import FaultLayer, Script
from tests.records import body

NOON = 1_787_140_800.0  # 2026-08-19T12:00:00Z


@dataclass(frozen=True)
class Served:
    """A registry at `base`, answered from `cache` as `script` lets it."""

    cache: Cache
    base: str
    script: Script


@contextmanager
def served(cache: Cache) -> Iterator[Served]:
    """Serve a cache behind a fault layer while the block runs."""
    script = Script()
    app = application(cache)
    app.add_middleware(FaultLayer, script=script)
    with serving(app) as address:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it tells of every answer that is cut short
        yield Served(cache, f"{address}/api/v2", script)


def fill(cache: Cache, records: Sequence[dict[str, Any]], data_timestamp: str) -> None:
    """Put records into a cache, as a registry's data of a day, and index it."""
    path = cache.folder.with_name(f"{cache.folder.name}.jsonl")
    path.write_bytes(b"\n".join(map(body, records)))
    with Store.writing(cache) as store:
        load(store, [str(path)], lambda _more: None)
        with store.transaction():
            store.set_meta("data_timestamp", data_timestamp)
        update(store, "auto", lambda _more: None, rebuild=True)


@pytest.fixture(scope="session")
def sample_served(sample_cache: Cache) -> Iterator[Served]:
    """The bundled sample, served once for all."""
    with served(sample_cache) as registry:
        yield registry


@pytest.fixture
def registry(sample_served: Served) -> Served:
    """The bundled sample as a registry, with a script of its own for each test."""
    sample_served.script.clear()
    return sample_served


@pytest.fixture(scope="session")
def _plain(sample_served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sample_served.base) as plain:
        yield plain


@pytest.fixture
def client(registry: Served, _plain: httpx.Client) -> httpx.Client:
    """A plain client at that registry's base, which it asks at once."""
    registry.script.clear()
    return _plain


@dataclass
class Clock:
    """Stands in for the client's `time`: it moves when somebody sleeps, and by a tick whenever it is read."""

    now: float = 5000.0
    tick_seconds: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.now += self.tick_seconds
        return self.now

    def time(self) -> float:
        return NOON

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("crawler.client.time", clock)
    return clock


@dataclass
class Asker:
    """Asks a registry's `/version`, on a clock that nobody waits for."""

    registry: Served
    clock: Clock

    def client(self, pace_seconds: float = 0.0, body_limit_bytes: int = BODY_LIMIT_BYTES) -> Client:
        return Client(
            self.registry.base,
            pace_seconds=pace_seconds,
            body_limit_bytes=body_limit_bytes,
            sleep=self.clock.sleep,
        )

    def __call__(self, pace_seconds: float = 0.0) -> Response[dict[str, object]]:
        with self.client(pace_seconds) as client:
            return client.get("/version", check=msgspec.json.Decoder(dict[str, object]).decode)


@pytest.fixture
def ask(registry: Served, clock: Clock) -> Asker:
    return Asker(registry, clock)


def is_version(response: Response[dict[str, object]]) -> bool:
    """Whether that is what `/version` answers."""
    return response.value is not None and response.value["apiVersion"] == "2.0.5"


def sample_bodies(path: Path) -> dict[str, bytes]:
    """The bytes of every line of a file of records."""
    return {RawRecord(line).nct_id: line for line in path.read_bytes().splitlines()}
