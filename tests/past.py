"""Caches with a past: records of one trial that came one after the other."""

import sqlite3
from contextlib import closing
from typing import Any

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from tests.records import raw

MONDAY, TUESDAY = "2026-08-17T09:00:05", "2026-08-18T09:00:06"


def state(posted: str | None, status: str = "RECRUITING", nct_id: str = "NCT00000001", **modules: Any) -> RawRecord:  # noqa: ANN401 - the registry's JSON
    """Make a record of a day with a status."""
    dates = {} if posted is None else {"lastUpdatePostDateStruct": {"date": posted}}
    return raw(nct_id, statusModule={"overallStatus": status, **dates}, **modules)


def fetched(cache: Cache, *records: RawRecord, timestamp: str = MONDAY) -> None:
    """Keep records as a registry answered them, in one session."""
    with Store.writing(cache) as store, store.transaction():
        for record in records:
            store.keep(record, timestamp)


def loaded(cache: Cache, *records: RawRecord) -> None:
    """Keep records as files have them, in one session."""
    with Store.writing(cache) as store, store.transaction():
        for record in records:
            store.keep(record, None, newest_wins=True)


def seen(cache: Cache, day: str, number: int, nct_id: str = "NCT00000001") -> None:
    """Pretend that a version came on a day."""
    with Store.writing(cache) as store, store.transaction():
        store.db.execute(
            "UPDATE version SET seen_at = ? WHERE nct_id = ? AND number = ?", (f"{day}T12:00:00Z", nct_id, number)
        )


def set_gone(cache: Cache, nct_id: str, day: str | None) -> None:
    """Mark a trial gone, or not."""
    with Store.writing(cache) as store, store.transaction():
        (before,) = store.db.execute("SELECT gone FROM trial WHERE nct_id = ?", (nct_id,)).fetchone()
        store.db.execute("UPDATE trial SET gone = ? WHERE nct_id = ?", (day, nct_id))
        if before != day:
            store.tell("back" if day is None else "gone", nct_id, day or before, store.data_timestamp)


def before_events(cache: Cache) -> None:
    """Make of a cache one that was written before there were events."""
    with closing(sqlite3.connect(cache.database)) as db:
        db.executescript("DROP TABLE event; DROP TABLE watch; DROP TABLE watched; DROP TABLE news;")
