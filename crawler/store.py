"""The cache on disk: SQLite with every version of every record, the links between them, and the runs.

One transaction a page (WAL): a kill at any moment loses nothing that was acknowledged. Only this file and
`crawler.ledger`, which writes through it, change the database.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from types import TracebackType
from typing import Self

import msgspec

from crawler import links
from crawler.compression import TRAINING_RECORDS, Codec, train
from crawler.config import Cache
from crawler.errors import (
    CacheEmpty,
    RecordInvalid,
    RegistryDiffers,
    StoreDamaged,
    StoreUnusable,
    TrialUnknown,
)
from crawler.lock import writer_lock
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.seal import break_seal, write_seal
from crawler.trial import Trial

SCHEMA_VERSION = "1"

# What an index should have: not gone, readable, and not a name that the registry now redirects elsewhere.
_LIVING = (
    "t.gone IS NULL AND t.problem IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM alias a WHERE a.alias = t.nct_id AND a.told_by = '301')"
)


def utc_now() -> str:
    """The time as the store writes it: UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Version:
    """One state of a record. `seen_at` is when we first had it (UTC)."""

    nct_id: str
    number: int
    seen_at: str
    last_update_posted: str | None
    data_timestamp: str | None


def version_digest(version: Version, body: bytes) -> bytes:
    """SHA-256 over a version's body and all that is told of it."""
    told = (version.number, version.seen_at, version.last_update_posted, version.data_timestamp)
    return sha256(repr((version.nct_id, *told)).encode() + body).digest()


class Store:
    """An open cache. Read with any number of these; write inside `Store.writing`."""

    def __init__(self, cache: Cache, connection: sqlite3.Connection) -> None:
        self.cache = cache
        self.db = connection
        self.codec = self._codec()

    def _codec(self) -> Codec:
        return Codec(dict(self.db.execute("SELECT number, body FROM dictionary").fetchall()))

    # -- opening -------------------------------------------------------------------------------------------------

    @classmethod
    def reading(cls, cache: Cache) -> "Store":
        """Open for reading; CacheEmpty where nothing was fetched yet."""
        if not cache.database.exists():
            raise CacheEmpty(cache.folder)
        return _open(cls, cache, "ro")

    @classmethod
    @contextmanager
    def writing(cls, cache: Cache) -> Iterator["Store"]:
        """Open for writing, alone; StoreLocked where another process writes."""
        with writer_lock(cache):
            break_seal(cache)
            with _open(cls, cache, "rwc") as store:
                yield store
            write_seal(cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or nothing."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.rollback()  # nothing, where SQLite did so itself (a full disk)
                self.codec = self._codec()  # a dictionary that the block trained is gone with it
                raise
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unusable(self.cache, error) from None

    # -- what the cache is ----------------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """Read one of: schema, registry, scope (crawled, mirrored), data_timestamp, change."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Write a meta value, inside a transaction."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def data_timestamp(self) -> str | None:
        """The registry's timestamp of the newest data fetched; None where all came from files."""
        return self.meta("data_timestamp")

    @property
    def change(self) -> int:
        """A number that grows with every change of a trial; what an index remembers to know if it is behind."""
        return int(self.meta("change") or 0)

    def claim_registry(self, url: str, scope: str) -> None:
        """Remember which registry this cache is of; RegistryDiffers where it is another's."""
        held = self.meta("registry")
        if held is not None and held != url:
            raise RegistryDiffers(held, url)
        with self.transaction():
            self.set_meta("registry", url)
            if self.meta("scope") is None:
                self.set_meta("scope", scope)

    # -- writing records ------------------------------------------------------------------------------------------

    def keep(self, raw: RawRecord, data_timestamp: str | None, *, newest_wins: bool = False) -> str:
        """Keep a record, inside a transaction: `new`, `changed`, `unchanged`, or `older`.

        `newest_wins` (files): a record older by its update date than the one held is kept and replaces nothing.
        A record that breaks the rules is kept too, with its reason. RecordInvalid where it has no id.
        """
        ident = raw.nct_id
        held = self._current(ident)
        if held is not None and held[1] == raw.content_hash:
            return self._revive(ident)
        trial, problem = _read(raw)
        posted = raw.last_update_posted
        older = newest_wins and held is not None and (posted or "") < (held[2] or "")
        if older and self._has_content(ident, raw.content_hash):
            return "unchanged"
        number = self._add_version(raw, posted, data_timestamp)
        if older:
            return "older"
        self.db.execute(
            "INSERT OR REPLACE INTO trial VALUES (?, ?, NULL, ?)",
            (ident, number, problem),
        )
        self._derive(raw, trial)
        self._changed()
        return "new" if held is None else "changed"

    def _revive(self, ident: str) -> str:
        revived = self.db.execute("UPDATE trial SET gone = NULL WHERE nct_id = ? AND gone NOT NULL", (ident,))
        if revived.rowcount:
            self._changed()
            return "changed"
        return "unchanged"

    def _current(self, ident: str) -> tuple[int, bytes, str | None] | None:
        row: tuple[int, bytes, str | None] | None = self.db.execute(
            "SELECT v.number, v.content, v.last_update_posted FROM trial t "
            "JOIN version v ON v.nct_id = t.nct_id AND v.number = t.version WHERE t.nct_id = ?",
            (ident,),
        ).fetchone()
        return row

    def _has_content(self, ident: str, content: bytes) -> bool:
        found = self.db.execute("SELECT 1 FROM version WHERE nct_id = ? AND content = ?", (ident, content))
        return found.fetchone() is not None

    def _add_version(self, raw: RawRecord, posted: str | None, data_timestamp: str | None) -> int:
        ident = raw.nct_id
        newest = self.db.execute("SELECT max(number) FROM version WHERE nct_id = ?", (ident,)).fetchone()[0]
        version = Version(ident, (newest or 0) + 1, utc_now(), posted, data_timestamp)
        self.db.execute(
            "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ident,
                version.number,
                version.seen_at,
                posted,
                data_timestamp,
                raw.content_hash,
                version_digest(version, raw.body),
                len(raw.body),
                self.codec.newest,
                self.codec.compress(raw.body),
            ),
        )
        return version.number

    def _derive(self, raw: RawRecord, trial: Trial | None) -> None:
        """Renew what is derived from a trial's current record: unknown fields, aliases, links."""
        ident = raw.nct_id
        for table, column in (("unknown_field", "nct_id"), ("link", "source")):
            self.db.execute(f"DELETE FROM {table} WHERE {column} = ?", (ident,))  # noqa: S608 - our own names
        self.db.execute("DELETE FROM alias WHERE nct_id = ? AND told_by = 'record'", (ident,))
        self.db.executemany("INSERT INTO unknown_field VALUES (?, ?)", [(ident, path) for path in raw.unknown_fields])
        if trial is None:
            return
        self.db.executemany(
            "INSERT OR IGNORE INTO alias VALUES (?, ?, 'record')", [(alias, ident) for alias in trial.aliases]
        )
        self.db.executemany(
            "INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?)",
            [(ident, link.target, link.kind, link.evidence) for link in links.named(trial)],
        )

    def _changed(self) -> None:
        self.set_meta("change", str(self.change + 1))

    def train_dictionary(self, bodies: list[bytes]) -> None:
        """Train this cache's first dictionary, once there are records enough, inside a transaction."""
        if self.codec.newest or len(bodies) < TRAINING_RECORDS:
            return
        body = train(bodies[:TRAINING_RECORDS])
        if body is not None:
            self.db.execute("INSERT INTO dictionary VALUES (1, ?)", (body,))
            self.codec.add(1, body)

    def tell_alias(self, alias: str, nct_id: str) -> None:
        """Remember that the registry answered 301 from one id to another, inside a transaction."""
        told = self.db.execute("SELECT nct_id FROM alias WHERE alias = ? AND told_by = '301'", (alias,)).fetchone()
        if told != (nct_id,):
            self.db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?, '301')", (alias, nct_id))
            if self._current(alias) is not None:  # a record of its own, which now leaves the index
                self._changed()

    # -- reading records ------------------------------------------------------------------------------------------

    def resolve(self, ident: str) -> str:
        """Return the id a trial is held under: itself, or what it is an alias of; TrialUnknown otherwise."""
        if self.db.execute("SELECT 1 FROM trial WHERE nct_id = ?", (ident,)).fetchone():
            told = self.db.execute("SELECT nct_id FROM alias WHERE alias = ? AND told_by = '301'", (ident,)).fetchone()
            return ident if told is None else str(told[0])
        row = self.db.execute(
            "SELECT a.nct_id FROM alias a JOIN trial t ON t.nct_id = a.nct_id WHERE a.alias = ?", (ident,)
        ).fetchone()
        if row is None:
            raise TrialUnknown(ident)
        return str(row[0])

    def raw(self, ident: str) -> RawRecord:
        """Return the current record as it was fetched; TrialUnknown where there is none."""
        row = self.db.execute(
            "SELECT v.dictionary, v.body FROM trial t JOIN version v ON v.nct_id = t.nct_id "
            "AND v.number = t.version WHERE t.nct_id = ?",
            (ident,),
        ).fetchone()
        if row is None:
            raise TrialUnknown(ident)
        return RawRecord(self.body(ident, row[1], row[0]))

    def body(self, ident: str, compressed: bytes, dictionary: int) -> bytes:
        """Decompress a body; StoreDamaged where its bytes rotted."""
        try:
            return self.codec.decompress(compressed, dictionary)
        except ValueError as error:
            reason = f"the record of {ident} can't be decompressed ({error})"
            raise StoreDamaged(self.cache.database, reason) from None

    def trial(self, ident: str) -> Trial:
        """Return the current Trial; RecordInvalid where its record breaks the rules."""
        trial = normalise(self.raw(ident))
        gone = self.db.execute("SELECT gone FROM trial WHERE nct_id = ?", (ident,)).fetchone()[0]
        return msgspec.structs.replace(trial, gone=gone) if gone else trial

    def records(self) -> Iterator[RawRecord]:
        """Every living, readable record, in order of NCT id."""
        rows = self.db.execute(
            "SELECT t.nct_id, v.dictionary, v.body FROM trial t JOIN version v ON v.nct_id = t.nct_id "  # noqa: S608
            f"AND v.number = t.version WHERE {_LIVING} ORDER BY t.nct_id"  # - our own words
        )
        with closing(rows):
            for ident, dictionary, body in rows:
                yield RawRecord(self.body(ident, body, dictionary))

    def current_versions(self) -> tuple[list[str], list[int]]:
        """Ids of the trials that an index should have, in order, and their current version numbers."""
        rows = self.db.execute(
            f"SELECT t.nct_id, t.version FROM trial t WHERE {_LIVING} ORDER BY 1"  # noqa: S608 - our own words
        ).fetchall()
        return [row[0] for row in rows], [row[1] for row in rows]

    def timestamp_of(self, ident: str) -> str | None:
        """The registry's data timestamp when a trial's current record was fetched; None from files."""
        row = self.db.execute(
            "SELECT v.data_timestamp FROM trial t JOIN version v ON v.nct_id = t.nct_id "
            "AND v.number = t.version WHERE t.nct_id = ?",
            (ident,),
        ).fetchone()
        return None if row is None else row[0]

    def digest(self, ident: str) -> bytes:
        """Digest of a held trial's current version: what changes when its record does."""
        row = self.db.execute(
            "SELECT v.digest FROM trial t JOIN version v ON v.nct_id = t.nct_id AND v.number = t.version "
            "WHERE t.nct_id = ?",
            (ident,),
        ).fetchone()
        return bytes(row[0])

    def fate(self, ident: str) -> tuple[str | None, str | None]:
        """Day since which a held trial is gone, and why its record can't be normalised; both None for most."""
        row: tuple[str | None, str | None] = self.db.execute(
            "SELECT gone, problem FROM trial WHERE nct_id = ?", (ident,)
        ).fetchone()
        return row

    def links_of(self, ident: str) -> list[tuple[str, str, str, str]]:
        """Links from or to a trial: (source, target, kind, evidence)."""
        rows = self.db.execute(
            "SELECT source, target, kind, evidence FROM link WHERE source = ? OR target = ? ORDER BY 1, 2, 3",
            (ident, ident),
        )
        return rows.fetchall()

    def counts(self) -> dict[str, int]:
        """How many living trials, gone ones, versions, records with a problem."""
        living, gone, problem = self.db.execute(
            "SELECT count(*) FILTER (WHERE gone IS NULL), count(gone), count(problem) FROM trial"
        ).fetchone()
        (versions,) = self.db.execute("SELECT count(*) FROM version").fetchone()
        return {"trials": living, "gone": gone, "versions": versions, "problems": problem}

    def problems(self) -> list[tuple[str, str]]:
        """Records that break the rules: (NCT id, reason)."""
        rows = self.db.execute("SELECT nct_id, problem FROM trial WHERE problem NOT NULL ORDER BY nct_id")
        return rows.fetchall()

    def unknown_fields(self) -> dict[str, int]:
        """Paths the registry's list doesn't have, with the number of trials that carry each, most first."""
        rows = self.db.execute("SELECT path, count(*) n FROM unknown_field GROUP BY path ORDER BY n DESC, path")
        return dict(rows.fetchall())


def _read(raw: RawRecord) -> tuple[Trial | None, str | None]:
    try:
        return normalise(raw), None
    except RecordInvalid as error:
        return None, error.reason


def _unusable(cache: Cache, error: sqlite3.Error) -> StoreUnusable | StoreDamaged:
    text = str(error)
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return StoreDamaged(cache.database, text)
    return StoreUnusable(cache.database, text)


def _address(cache: Cache, mode: str) -> str:
    """SQLite URI of the database; a folder nobody may write to is read without a log or locks."""
    immutable = "&immutable=1" if mode == "ro" and not os.access(cache.folder, os.W_OK) else ""
    return f"{cache.database.resolve().as_uri()}?mode={mode}{immutable}"


def _open(cls: type[Store], cache: Cache, mode: str) -> Store:
    try:
        db = sqlite3.connect(_address(cache, mode), uri=True, isolation_level=None, timeout=30)
        db.execute("PRAGMA mmap_size = 268435456")
        if mode != "ro":
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            if mode == "ro":
                raise CacheEmpty(cache.folder)
            script = files("crawler").joinpath("schema.sql").read_text(encoding="utf-8")
            db.executescript(f"BEGIN; {script} COMMIT;")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (SCHEMA_VERSION,))
        return cls(cache, db)
    except sqlite3.Error as error:
        raise _unusable(cache, error) from None
