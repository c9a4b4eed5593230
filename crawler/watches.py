"""Watches: saved searches and neighbourhoods, what each found last time, and the news that came of it.

What they find is known higher up; here it is kept. The first time is the baseline. It all goes through the store.
"""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from crawler.database import utc_now
from crawler.errors import StoreError, UsageError
from crawler.events import Mark, mark
from crawler.store import Store

CLOSEST = 20
NEWS_KEPT = 500  # of all watches together; feed readers ask for less


@dataclass(eq=False)
class WatchTaken(UsageError):
    """There is a watch of that name."""

    name: str

    def __str__(self) -> str:
        return f"there is a watch named {self.name!r} already; remove it first or take another name."


@dataclass(eq=False)
class WatchUnknown(StoreError):
    """There is no watch of that name."""

    name: str

    def __str__(self) -> str:
        return f"there is no watch named {self.name!r}; `trialkin watch list` tells those that there are."


@dataclass(frozen=True)
class Watch:
    """A search (`query`) or the `closest` so many trials to one (`near`); `ran_at` None before the first run."""

    name: str
    query: str | None
    near: str | None
    closest: int
    added_at: str
    ran_at: str | None
    told: Mark


class Item(msgspec.Struct, frozen=True):
    """A trial that entered, left or changed, and why as far as it is known."""

    nct_id: str
    title: str | None
    severity: str
    reasons: list[str]


class News(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run of a watch tells; nothing in a `baseline`, or where the watch failed (`error`)."""

    name: str
    entered: list[Item]
    left: list[Item]
    changed: list[Item]
    data_timestamp: str | None
    members: int
    baseline: bool = False
    error: str | None = None

    @property
    def any(self) -> bool:
        """Whether something happened."""
        return bool(self.entered or self.left or self.changed)


@dataclass(frozen=True)
class Told:
    """News as they were kept."""

    number: int
    told_at: str
    news: News


_COLUMNS = "name, query, near, closest, added_at, ran_at, event, version"


def watches(store: Store) -> list[Watch]:
    """Every watch, by name."""
    if not store.select("SELECT 1 FROM sqlite_master WHERE name = 'watch'"):
        return []  # a cache that was last written before there were watches
    rows = store.select(f"SELECT {_COLUMNS} FROM watch ORDER BY name")  # noqa: S608 - our own words
    return [
        Watch(name, query, near, closest, added_at, ran_at, Mark(event, version))
        for name, query, near, closest, added_at, ran_at, event, version in rows
    ]


def watch(store: Store, name: str) -> Watch:
    """The watch of a name; WatchUnknown where there is none."""
    found = next((one for one in watches(store) if one.name == name), None)
    if found is None:
        raise WatchUnknown(name)
    return found


def add(store: Store, name: str, *, query: str | None = None, near: str | None = None, closest: int = CLOSEST) -> None:
    """Keep a new watch; WatchTaken where there is one of that name."""
    if any(one.name == name for one in watches(store)):
        raise WatchTaken(name)
    with store.transaction():
        store.db.execute(
            "INSERT INTO watch VALUES (?, ?, ?, ?, ?, NULL, 0, 0)", (name, query, near, closest, utc_now())
        )


def remove(store: Store, name: str) -> None:
    """Drop a watch and its news; WatchUnknown where there is none."""
    watch(store, name)
    with store.transaction():
        for table in ("watch", "watched", "news"):
            store.db.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608 - our own names


def members(store: Store, name: str) -> set[str]:
    """Trials that a watch found last time."""
    return {ident for (ident,) in store.select("SELECT nct_id FROM watched WHERE name = ?", (name,))}


def keep(store: Store, news: News, found: Collection[str]) -> None:
    """Keep what a watch found and what it told of it, in one transaction."""
    told = mark(store)
    now = utc_now()
    with store.transaction():
        store.db.execute(
            "UPDATE watch SET ran_at = ?, event = ?, version = ? WHERE name = ?",
            (now, told.event, told.version, news.name),
        )
        store.db.execute("DELETE FROM watched WHERE name = ?", (news.name,))
        store.db.executemany("INSERT INTO watched VALUES (?, ?)", [(news.name, ident) for ident in found])
        if news.any:
            body = msgspec.json.encode(news).decode()
            store.db.execute("INSERT INTO news (name, told_at, body) VALUES (?, ?, ?)", (news.name, now, body))
            store.db.execute("DELETE FROM news WHERE number <= (SELECT max(number) FROM news) - ?", (NEWS_KEPT,))


def news_told(store: Store) -> list[Told]:
    """News that are kept, the newest first."""
    if not store.select("SELECT 1 FROM sqlite_master WHERE name = 'news'"):
        return []
    rows = store.select("SELECT number, told_at, body FROM news ORDER BY number DESC")
    return [Told(number, told_at, msgspec.json.decode(body, type=News)) for number, told_at, body in rows]
