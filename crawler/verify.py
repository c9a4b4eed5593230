"""Checks that every stored byte is what was written: digests, SQLite's own structure, the seal over the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from crawler.config import Cache
from crawler.errors import CacheEmpty, RecordInvalid, StoreError
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
        with Store.reading(cache) as store:
            for (line,) in store.db.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"{cache.database}: {line}"
            yield from _version_problems(store, checked)
    except CacheEmpty:
        checked["versions"] = 0
    except (StoreError, sqlite3.Error, OSError, ValueError) as error:
        yield f"{cache.database}: {error}"


def _version_problems(store: Store, checked: dict[str, int | bool]) -> Iterator[str]:
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
            except (StoreError, RecordInvalid) as error:
                reason = str(error)
            if reason is not None:
                yield f"version {number} of {nct_id} {reason}"
    missing = store.db.execute(
        "SELECT nct_id FROM trial t WHERE NOT EXISTS "
        "(SELECT 1 FROM version v WHERE v.nct_id = t.nct_id AND v.number = t.version)"
    )
    for (nct_id,) in missing:
        yield f"{nct_id} has no record of its current version"
