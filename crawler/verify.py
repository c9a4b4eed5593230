"""Checks that every stored byte is what was written: digests, SQLite's own structure, the seal over the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from crawler.config import Cache
from crawler.errors import CacheEmpty, RecordInvalid, StoreDamaged, StoreError
from crawler.record import RawRecord
from crawler.seal import broken_chunks
from crawler.store import Store, Version, version_digest


def store_problems(cache: Cache, checked: dict[str, int | bool]) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong in the database; `checked` is told what was looked at."""
    try:
        broken = broken_chunks(cache)
        checked["sealed"] = broken is not None
        for offset in broken or ():
            yield f"{cache.database}: bytes from {offset} on are not what was written"
        with Store.reading(cache) as store, store.as_it_stands():
            for (line,) in store.db.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"{cache.database}: {line}"
            yield from _version_problems(store, checked)
    except CacheEmpty:
        checked["versions"] = 0
    except (StoreError, sqlite3.Error, OSError, ValueError) as error:
        yield f"{cache.database}: {error}"


def _version_problems(store: Store, checked: dict[str, int | bool]) -> Iterator[str]:
    for nct_id, number, reason in damaged_versions(store, checked):
        yield f"version {number} of {nct_id} {reason}"
    for nct_id in without_current(store):
        yield f"{nct_id} has no record of its current version"
    for nct_id in strays(store):
        yield f"{nct_id} has versions and is no trial"
    yield from _lost(store, checked)


def damaged_versions(store: Store, checked: dict[str, int | bool]) -> Iterator[tuple[str, int, str]]:
    """Yield (NCT id, number, what is wrong) of each version that is not what was written; counts in `checked`."""
    rows = store.db.execute(
        "SELECT nct_id, number, seen_at, last_update_posted, data_timestamp, content, digest, dictionary, body "
        "FROM version ORDER BY nct_id, number"
    )
    checked["versions"] = 0
    with closing(rows):
        for nct_id, number, seen_at, posted, timestamp, content, digest, dictionary, body in rows:
            checked["versions"] += 1
            reason = None
            try:
                raw = store.body(nct_id, body, dictionary)
                if version_digest(Version(nct_id, number, seen_at, posted, timestamp), raw) != digest:
                    reason = "is not what was written"
                elif RawRecord(raw).content_hash != content:
                    reason = "has another content than its hash says"
            except StoreDamaged as error:
                reason = f"is damaged: {error.reason}"
            except RecordInvalid as error:
                reason = f"is no record: {error}"
            if reason is not None:
                yield nct_id, number, reason


def without_current(store: Store) -> list[str]:
    """Trials whose current version has no row, in order of NCT id."""
    rows = store.db.execute(
        "SELECT nct_id FROM trial t WHERE NOT EXISTS "
        "(SELECT 1 FROM version v WHERE v.nct_id = t.nct_id AND v.number = t.version)"
    )
    return [nct_id for (nct_id,) in rows]


def strays(store: Store) -> list[str]:
    """NCT ids that have versions and are no trial, in order."""
    found = "SELECT DISTINCT nct_id FROM version WHERE nct_id NOT IN (SELECT nct_id FROM trial) ORDER BY 1"
    return [nct_id for (nct_id,) in store.db.execute(found)]


def set_aside(store: Store) -> list[tuple[str, int, bool]]:
    """Versions that a repair set aside: (NCT id, number, whether it was the newest and may yet be had)."""
    if not store.select("SELECT 1 FROM sqlite_master WHERE name = 'damaged'"):
        return []
    rows = store.select(
        "SELECT nct_id, number, wanted AND NOT EXISTS (SELECT 1 FROM trial t WHERE t.nct_id = d.nct_id "
        "AND t.version > d.number) FROM damaged d ORDER BY 1, 2"
    )
    return [(nct_id, number, bool(wanted)) for nct_id, number, wanted in rows]


def _lost(store: Store, checked: dict[str, int | bool]) -> Iterator[str]:
    """Tell what a repair set aside and could not get again, as long as it may yet be had."""
    rows = set_aside(store)
    if rows:
        checked["set_aside"] = len(rows)
    for nct_id, number, wanted in rows:
        if wanted:
            yield f"version {number} of {nct_id} is lost; `trialkin verify --repair` asks a registry for it"
