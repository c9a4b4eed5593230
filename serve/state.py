"""`status` and `verify`: the state of a cache as one value each."""

import sqlite3

import msgspec

from crawler.config import Cache
from crawler.drift import Drift, drift
from crawler.errors import CacheEmpty, StoreError
from crawler.lock import holder
from crawler.store import Store
from crawler.verify import store_problems
from index.build import current
from index.verify import index_problems


class CacheState(msgspec.Struct, frozen=True):
    """What a cache holds. `trials` are the living; `indexed` documents, of which `behind` tells if any is stale."""

    cache: str
    trials: int = 0
    gone: int = 0
    versions: int = 0
    data_timestamp: str | None = None
    registry: str | None = None
    scope: str | None = None
    engine: str | None = None
    indexed: int = 0
    behind: bool = False
    indexed_at: str | None = None
    writer: str | None = None
    unknown_fields: dict[str, int] = {}
    problems: dict[str, str] = {}


class Soundness(msgspec.Struct, frozen=True):
    """Whether everything is what was written."""

    sound: bool
    checked: dict[str, int | bool]
    problems: list[str]
    data_timestamp: str | None = None


def cache_state(cache: Cache) -> CacheState:
    """Tell the state of a cache, an empty one included."""
    index = current(cache.index)
    try:
        with Store.reading(cache) as store:
            counts = store.counts()
            return CacheState(
                cache=str(cache.folder),
                trials=counts["trials"],
                gone=counts["gone"],
                versions=counts["versions"],
                data_timestamp=store.data_timestamp,
                registry=store.meta("registry"),
                scope=store.meta("scope"),
                engine=None if index is None else index.engine,
                indexed=0 if index is None else index.documents,
                behind=index is None or index.change != store.change,
                indexed_at=None if index is None else index.built_at,
                writer=holder(cache.lock),
                unknown_fields=store.unknown_fields(),
                problems=dict(store.problems()),
            )
    except CacheEmpty:
        return CacheState(cache=str(cache.folder), writer=holder(cache.lock))


def field_state(cache: Cache) -> Drift:
    """Tell how the records' fields changed, of an empty cache too."""
    try:
        with Store.reading(cache) as store:
            return drift(store, lambda _more: None)
    except CacheEmpty:
        return Drift([], [], 0)


def soundness(cache: Cache) -> Soundness:
    """Check everything in a cache."""
    checked: dict[str, int | bool] = {}
    problems = list(store_problems(cache, checked))
    timestamp = None
    try:
        with Store.reading(cache) as store:
            timestamp = store.data_timestamp
            problems.extend(index_problems(store, checked))
    except CacheEmpty:
        pass
    except (StoreError, sqlite3.Error) as error:
        if not problems:
            problems.append(str(error))
    return Soundness(not problems, checked, problems, timestamp)
