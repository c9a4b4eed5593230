"""A database whose pages are broken → a new one of all rows that can still be read; the old one is set aside."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.config import Cache
from crawler.database import as_far_as_text, utc_now
from crawler.lock import writer_lock
from crawler.seal import break_seal
from crawler.store import Store

DERIVED = frozenset({"link", "unknown_field"})  # made anew from the records
CHECKED = frozenset({"version", "damaged"})  # each row has a digest of its own: what is wrong in it is found by that
_UNREAD = "its row can't be read"


@dataclass
class Salvaged:
    """Where the old file lies now, how many versions came over, which tables lost rows (versions are named apart)."""

    aside: Path
    versions: int = 0
    torn: list[str] = field(default_factory=list)


def is_broken(cache: Cache) -> bool:
    """Whether the database can't be opened, SQLite finds its structure broken, or text without a check is none."""
    try:
        with closing(_opened(cache.database)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in tables - CHECKED - DERIVED:
                for _ in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
                    pass
            return "version" not in tables or db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",)
    except sqlite3.Error:
        return True


def salvage(cache: Cache, *, even_if_empty: bool) -> Salvaged | None:
    """Write what can be read into a new database, and put that in the old one's place.

    The old one stays beside it, byte for byte. None, and nothing is touched, where not one version can be read; with
    `even_if_empty` there is a new database then too.
    """
    draft = cache.folder / "salvaged"
    shutil.rmtree(draft, ignore_errors=True)
    with writer_lock(cache):
        try:
            found = Salvaged(_free_name(cache.database))
            with (
                Store.writing(Cache(draft)) as new,
                suppress(sqlite3.Error),
                closing(_opened_however_short(cache.database)) as old,
                new.transaction(),
            ):
                _copy(old, new, found)
            if not found.versions and not even_if_empty:
                return None
            _switch(cache, Cache(draft).database, found.aside)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return found


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _opened_however_short(path: Path) -> sqlite3.Connection:
    """Open a file that may have lost its end: SQLite reads none of such a one unless it may not trust its schema."""
    db = _opened(path)
    db.execute("PRAGMA writable_schema = ON")
    return db


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return name


def _switch(cache: Cache, new: Path, aside: Path) -> None:
    """Keep the old file under another name, then let the new one take its place."""
    log = cache.database.with_name(f"{cache.database.name}-wal")
    if cache.database.exists():
        shutil.copy2(cache.database, aside)
    if log.exists():
        shutil.copy2(log, aside.with_name(f"{aside.name}-wal"))
    break_seal(cache)
    for suffix in ("-wal", "-shm"):  # the old log must not be read into the new file
        cache.database.with_name(f"{cache.database.name}{suffix}").unlink(missing_ok=True)
    os.replace(new, cache.database)  # noqa: PTH105 - the same folder: at once or not at all


def _copy(old: sqlite3.Connection, new: Store, found: Salvaged) -> None:
    tables = new.db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY 1").fetchall()
    for table, made in tables:
        if table in DERIVED:
            continue
        columns = [row[1] for row in new.db.execute(f"PRAGMA table_info({table})")]
        keyed = "WITHOUT ROWID" in made
        names = ", ".join(columns if keyed else ["rowid", *columns])
        marks = ", ".join("?" * (len(columns) + (not keyed)))
        old.text_factory = as_far_as_text if table in CHECKED else str
        rows = _Rows(old, table, names, columns, keyed=keyed)
        new.db.executemany(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", rows.all())  # noqa: S608 - our own names
        if table == "version":
            (found.versions,) = new.db.execute("SELECT count(*) FROM version").fetchone()
            _note_unread(old, new)
        elif rows.torn:
            found.torn.append(table)


def _note_unread(old: sqlite3.Connection, new: Store) -> None:
    """Name the versions that the old file's own list has and whose rows could not be read."""
    listed: set[tuple[str, int]] = set()
    for way in ("ASC", "DESC"):
        order = f"ORDER BY nct_id {way}, number {way}"
        listed.update(row for row in _read(old, f"SELECT nct_id, number FROM version {order}") if row)  # noqa: S608 - the same
    held = set(new.db.execute("SELECT nct_id, number FROM version"))
    new.db.executemany(
        "INSERT INTO damaged (nct_id, number, reason, set_aside_at, wanted) VALUES (?, ?, ?, ?, 1)",
        [(nct_id, number, _UNREAD, utc_now()) for nct_id, number in sorted(listed - held)],
    )


def _read(db: sqlite3.Connection, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...] | None]:
    """Yield rows as far as they can be read; None, last, where they can't."""
    try:
        yield from db.execute(statement, values)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError):
        yield None


class _Rows:
    """Rows of a table, read from both ends, and what lies between row by row; `torn` where some can't be read."""

    def __init__(self, db: sqlite3.Connection, table: str, names: str, columns: list[str], *, keyed: bool) -> None:
        self._db = db
        self._table = table
        self._names = names
        self._columns = columns
        self._keyed = keyed
        self.torn = False

    def all(self) -> Iterator[tuple[Any, ...]]:
        """Yield every row that can be read; some twice, where the table has no rowid and is torn."""
        first: object = 0
        last: object = None
        for row in self._ordered("ASC"):
            first = row[0]
            yield row
        if not self.torn:
            return
        for row in self._ordered("DESC"):
            if not self._keyed and row[0] == first:
                return
            last = row[0]
            yield row
        if not self._keyed:
            yield from self._between(first, last)

    def _ordered(self, way: str) -> Iterator[tuple[Any, ...]]:
        order = ", ".join(f"{name} {way}" for name in self._columns[:1]) if self._keyed else f"rowid {way}"
        for row in _read(self._db, f"SELECT {self._names} FROM {self._table} ORDER BY {order}"):  # noqa: S608 - our own names
            if row is None:
                self.torn = True
            else:
                yield row

    def _between(self, first: object, last: object) -> Iterator[tuple[Any, ...]]:
        """Ask for each rowid between two that were read, or up to the last that an index lists."""
        listed = [row[0] for row in _read(self._db, f"SELECT rowid FROM {self._table}") if row]  # noqa: S608 - the same
        ends = [number for number in (first, last, *listed) if isinstance(number, int)]
        stop = last if isinstance(last, int) else max(ends) + 1
        for number in range(ends[0] + 1, stop):
            one = f"SELECT {self._names} FROM {self._table} WHERE rowid = ?"  # noqa: S608 - the same
            yield from (row for row in _read(self._db, one, (number,)) if row)
