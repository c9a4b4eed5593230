"""One SQLite file: opened for reading or for one writer, with transactions, and what the cache says of itself."""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crawler.compression import Codec
from crawler.config import Cache
from crawler.errors import CacheEmpty, RegistryDiffers, StoreDamaged, StoreUnusable
from crawler.lock import writer_lock
from crawler.seal import break_seal, write_seal

SCHEMA_VERSION = "1"
BUSY_SECONDS = 30.0
_SIGNS_OF_DAMAGE = ("malformed", "not a database", "Could not decode to UTF-8")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
CHECKPOINT_SECONDS = 2.0  # a reader that holds an old page longer leaves the log to the next writer
MAPPED_BYTES = 1 << 28  # of the file, by a reader
# A mapped file would count as a writer's memory and grow with the cache. This holds the ids of 600,000 trials, to which
# a walk in order of update comes back at random.
WRITER_CACHE_BYTES = 1 << 26


def utc_now(not_before: str | None = None) -> str:
    """The time as the store writes it: UTC, to the second.

    What was seen with data of a registry's time (`not_before`, as it writes it: UTC without a zone) was not seen before
    that, whatever the clock here says.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return now if not_before is None or not _STAMP.fullmatch(not_before) else max(now, f"{not_before}Z")


def as_far_as_text(stored: bytes) -> str:
    """Read stored text, with a mark in place of what is no UTF-8 any more."""
    return stored.decode(errors="replace")


class Database:
    """An open database. Read with any number of these; write inside `writing`."""

    def __init__(self, cache: Cache, connection: sqlite3.Connection) -> None:
        self.cache = cache
        self.db = connection
        self.codec = self._codec()
        self._is_changed = False

    def _codec(self) -> Codec:
        return Codec(dict(self.db.execute("SELECT number, body FROM dictionary").fetchall()))

    @classmethod
    def reading(cls, cache: Cache) -> Self:
        """Open for reading; CacheEmpty where nothing was fetched yet."""
        if not cache.database.exists() or not cache.database.stat().st_size or _unborn(cache):
            raise CacheEmpty(cache.folder)
        return cls._open(cache, "ro")

    @classmethod
    @contextmanager
    def writing(cls, cache: Cache) -> Iterator[Self]:
        """Open for writing, alone; StoreLocked where another process writes."""
        with writer_lock(cache):
            break_seal(cache)
            try:
                with cls._open(cache, "rwc") as store:
                    try:
                        yield store
                        store.end_first_fill()
                    finally:
                        store.checkpoint()
            finally:
                # A full disk must not hide why the block ended; without a seal `verify` looks at rows alone.
                with suppress(OSError):
                    write_seal(cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.db.close()

    @classmethod
    def _open(cls, cache: Cache, mode: str) -> Self:
        try:
            db = sqlite3.connect(_address(cache, mode), uri=True, isolation_level=None, timeout=BUSY_SECONDS)
            if mode == "ro":
                db.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
            else:
                db.execute(f"PRAGMA cache_size = {-WRITER_CACHE_BYTES // 1024}")
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
            _check_schema(cache, db, create=mode != "ro")
            return cls(cache, db)
        except sqlite3.Error as error:
            raise _unusable(cache, error) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or nothing."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            self._is_changed = False
            try:
                yield
                if self._is_changed:
                    self.set_meta("change", str(self.change + 1))
                self.db.execute("COMMIT")
            except BaseException:
                self.db.rollback()  # nothing, where SQLite did so itself (a full disk)
                self.codec = self._codec()  # a dictionary that the block trained is gone with it
                raise
        except sqlite3.Error as error:
            raise _unusable(self.cache, error) from None

    def reload_codec(self) -> None:
        """Read the dictionaries again, after one was taken out."""
        self.codec = self._codec()

    def select(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        """Read rows, each a tuple; StoreDamaged or StoreUnusable where the file can't be read."""
        try:
            return self.db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _unusable(self.cache, error) from None

    @contextmanager
    def as_it_stands(self) -> Iterator[None]:
        """Read text that is no UTF-8 any more with what is wrong replaced, instead of failing, while the block runs."""
        self.db.text_factory = as_far_as_text
        try:
            yield
        finally:
            self.db.text_factory = str

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file, as far as readers let it."""
        with suppress(sqlite3.Error):
            self.db.execute(f"PRAGMA busy_timeout = {int(1000 * CHECKPOINT_SECONDS)}")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def note_change(self) -> None:
        """Let the change number grow, once, when the transaction is committed."""
        self._is_changed = True

    def tell(self, kind: str, nct_id: str, about: str, data_timestamp: str | None) -> None:
        """Write down an event, inside a transaction."""
        self.db.execute(
            "INSERT INTO event (nct_id, kind, seen_at, data_timestamp, about, versions) "
            "SELECT ?, ?, ?, ?, ?, coalesce(max(rowid), 0) FROM version",
            (nct_id, kind, utc_now(data_timestamp), data_timestamp, about),
        )

    def end_first_fill(self) -> None:
        """Note that what is held is the cache's beginning and no news, once; not while its first run is broken off."""
        if self.select("SELECT 1 FROM event WHERE kind = 'filled'") or not self.select("SELECT 1 FROM version LIMIT 1"):
            return
        unfinished, finished = self.select("SELECT count(*) - count(ended_at), count(ended_at) FROM run")[0]
        if finished or not unfinished:
            with self.transaction():
                self.tell("filled", "", "", None)

    # -- what the cache is ----------------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """Read one of: schema, registry, scope (crawled, mirrored), data_timestamp, change; or `crawler.mark`'s own."""
        rows = self.select("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Write a meta value, inside a transaction."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def data_timestamp(self) -> str | None:
        """The registry's timestamp of the newest data fetched; None where all came from files."""
        return self.meta("data_timestamp")

    @property
    def change(self) -> int:
        """A number that grows with every transaction that changes a trial: by it an index knows if it is behind."""
        return int(self.meta("change") or 0)

    def check_registry(self, url: str) -> None:
        """Raise RegistryDiffers where this cache is another registry's."""
        held = self.meta("registry")
        if held is not None and held != url:
            raise RegistryDiffers(held, url)

    def claim_registry(self, url: str, scope: str) -> None:
        """Remember which registry this cache is of; RegistryDiffers where it is another's."""
        self.check_registry(url)
        with self.transaction():
            self.set_meta("registry", url)
            if self.meta("scope") is None:
                self.set_meta("scope", scope)

    def disclaim_registry(self) -> None:
        """Belong to no registry again: the one that was named turned out to be another's."""
        with self.transaction():
            self.db.execute("DELETE FROM meta WHERE key IN ('registry', 'scope')")


def _unborn(cache: Cache) -> bool:
    """Whether the first writer of all was killed while it made the file: later ones write a log, never a journal."""
    return cache.database.with_name(f"{cache.database.name}-journal").exists() and not cache.seal.exists()


def _check_schema(cache: Cache, db: sqlite3.Connection, *, create: bool) -> None:
    """Make the tables of a new file; refuse a file that is not ours or another version's."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        if not create:
            if not cache.seal.exists() and not db.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise CacheEmpty(cache.folder)  # its first writer was killed before it made them
            raise StoreDamaged(cache.database, "it has no tables")
        db.executescript(f"BEGIN; {_script('schema.sql')} {_script('events.sql')} COMMIT;")
        db.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (SCHEMA_VERSION,))
    (held,) = db.execute("SELECT max(value) FROM meta WHERE key = 'schema'").fetchone()
    if held not in {None, SCHEMA_VERSION}:
        reason = f"another version of trialkin made it (layout {held}, not {SCHEMA_VERSION})"
        raise StoreUnusable(cache.database, reason)
    if create and not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'damaged'").fetchone():
        db.executescript(f"BEGIN; {_script('schema.sql')} COMMIT;")  # the tables that came later
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'event'").fetchone():
        _add_events(db, writing=create)


def _add_events(db: sqlite3.Connection, *, writing: bool) -> None:
    """Bring a cache from before there were events up to today; all that it holds is its first fill."""
    if not writing:
        db.execute("CREATE TEMP TABLE event (number, nct_id, kind, seen_at, data_timestamp, about, versions)")
        return
    first = "INSERT INTO event SELECT 1, '', 'filled', ?, NULL, '', max(rowid) FROM version HAVING count(*)"
    db.executescript(f"BEGIN; {_script('events.sql')}")
    db.execute(first, (utc_now(),))
    db.execute("COMMIT")


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _unusable(cache: Cache, error: sqlite3.Error) -> StoreUnusable | StoreDamaged:
    text = str(error).rstrip(".")
    if isinstance(error, sqlite3.DatabaseError) and any(sign in text for sign in _SIGNS_OF_DAMAGE):
        return StoreDamaged(cache.database, text)
    return StoreUnusable(cache.database, text)


def _address(cache: Cache, mode: str) -> str:
    """SQLite URI of the database; a folder nobody may write to is read without a log or locks."""
    immutable = "&immutable=1" if mode == "ro" and not os.access(cache.folder, os.W_OK) else ""
    return f"{cache.database.resolve().as_uri()}?mode={mode}{immutable}"
