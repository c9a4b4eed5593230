"""Up to which data of its registry a cache is known to be complete, and which of its trials that is not said of.

The mark moves when a refresh ended cleanly, and never before. A cache that was crawled and not refreshed yet is as old
as the oldest data that any of its records came with.
"""

from datetime import date, timedelta

import msgspec

from crawler.dates import first_day
from crawler.store import LIVING, Store

OVERLAP_DAYS = 5  # posting dates can arrive late; a weekend with a holiday lies between


class Mark(msgspec.Struct, frozen=True):
    """`data_timestamp` is the registry's, `posted` the newest update date seen, `version` the last row written then."""

    data_timestamp: str
    posted: str | None = None
    version: int = 0

    @property
    def posted_since(self) -> str | None:
        """The first day whose updates may be missing here; None where nothing tells."""
        days = [day for day in (_day(self.data_timestamp[:10]), _day(self.posted)) if day is not None]
        return _before(min(days, default=None))

    @property
    def new_since(self) -> str | None:
        """The first day of what the registry got since, whatever of it is here."""
        return _before(_day(self.data_timestamp[:10]))


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(str(first_day(text)))
    except ValueError:
        return None


def _before(day: date | None) -> str | None:
    return None if day is None else (day - timedelta(days=OVERLAP_DAYS)).isoformat()


def read_mark(store: Store) -> Mark | None:
    """Return the mark; None where nothing here came from a registry."""
    held = store.meta("mark")
    if held is not None:
        return msgspec.json.decode(held, type=Mark)
    if store.meta("scope") == "mirrored":
        return None  # a mirror that was never completed
    ((oldest, posted),) = store.select(
        "SELECT min(v.data_timestamp), max(v.last_update_posted) FROM trial t "
        "JOIN version v ON v.nct_id = t.nct_id AND v.number = t.version"
    )
    return None if oldest is None else Mark(oldest, posted)


def write_mark(store: Store, data_timestamp: str) -> None:
    """Say, inside a transaction, that the cache is complete up to the registry's data of that time."""
    before = read_mark(store) or Mark(data_timestamp)
    ((last, posted),) = store.select(
        "SELECT max(rowid), max(last_update_posted) FROM version WHERE rowid > ?", (before.version,)
    )
    newest = max(filter(None, (before.posted, posted)), default=None)
    mark = Mark(data_timestamp, newest, last or before.version)
    store.set_meta("mark", msgspec.json.encode(mark).decode())
    store.set_meta("data_timestamp", data_timestamp)


def doubtful(store: Store, mark: Mark | None) -> list[str]:
    """Ids of living trials of which the mark does not hold: from files, or from a run older than it; in order."""
    told = ("", 0) if mark is None else (mark.data_timestamp, mark.version)
    rows = store.select(
        "SELECT t.nct_id FROM version v JOIN trial t ON t.nct_id = v.nct_id AND t.version = v.number "  # noqa: S608
        f"WHERE v.rowid > ?2 AND (v.data_timestamp IS NULL OR v.data_timestamp < ?1) AND {LIVING} ORDER BY 1",  # - ours
        told,
    )
    return [ident for (ident,) in rows]


def undone(store: Store) -> list[str]:
    """Ids that a refresh could not fetch, to be asked for by the next one."""
    return msgspec.json.decode(store.meta("undone") or "[]", type=list[str])


def write_undone(store: Store, nct_ids: list[str]) -> None:
    """Remember, inside a transaction, what could not be fetched."""
    store.set_meta("undone", msgspec.json.encode(nct_ids).decode())
