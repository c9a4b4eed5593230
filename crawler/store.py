"""The cache on disk: every version of every record, and the links between them.

One transaction a page (WAL): a kill at any moment loses nothing that was acknowledged. Only this file and
those that write through it, `crawler.ledger`, `crawler.watches` and `crawler.repair`, change the database.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from crawler import links
from crawler.compression import TRAINING_RECORDS, train
from crawler.database import Database, utc_now
from crawler.errors import RecordInvalid, StoreDamaged, TrialUnknown
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import Trial

# Trials of today: not gone, and not a name that the registry now redirects to another trial that is held.
LIVING = (
    "t.gone IS NULL AND NOT EXISTS (SELECT 1 FROM alias a JOIN trial o ON o.nct_id = a.nct_id "
    "WHERE a.alias = t.nct_id AND a.told_by = '301')"
)
_READABLE = f"{LIVING} AND t.problem IS NULL"  # what an index should have


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


class Store(Database):
    """An open cache. Read with any number of these; write inside `Store.writing`."""

    # -- writing records ------------------------------------------------------------------------------------------

    def keep(self, raw: RawRecord, data_timestamp: str | None, *, newest_wins: bool = False) -> str:
        """Keep a record, inside a transaction: `new`, `changed`, `unchanged`, or `older`.

        `newest_wins` (files): a record older by its update date than the one held is kept and replaces nothing.
        A record that breaks the rules is kept too, with its reason. RecordInvalid where it has no id.
        """
        ident = raw.nct_id
        held = self._current(ident)
        gone = None if held is None else held[3]
        back = not newest_wins and self._taken_back(ident, gone, data_timestamp)
        if held is not None and held[1] == raw.content_hash:
            return "changed" if back else "unchanged"
        trial, problem = _read(raw)
        posted = raw.last_update_posted
        older = newest_wins and held is not None and (posted or "") < (held[2] or "")
        if older and self._has_content(ident, raw.content_hash):
            return "unchanged"
        number = self._add_version(raw, posted, data_timestamp)
        if older:
            self.tell("aside", ident, str(number), data_timestamp)
            return "older"
        if held is not None:
            if newest_wins:
                self._revive(ident, gone, None, data_timestamp)
            self._forget_derived(ident)
        self.db.execute(
            "INSERT INTO trial VALUES (?1, ?2, NULL, ?3) "
            "ON CONFLICT (nct_id) DO UPDATE SET version = ?2, gone = NULL, problem = ?3",
            (ident, number, problem),
        )
        self._derive(raw, trial)
        self.note_change()
        return "new" if held is None else "changed"

    def keep_past(self, raw: RawRecord, posted: str | None, data_timestamp: str | None) -> bool:
        """Keep a version from before the one held, inside a transaction; False where it is here already."""
        if self._has_content(raw.nct_id, raw.content_hash):
            return False
        number = self._add_version(raw, posted, data_timestamp)
        self.tell("aside", raw.nct_id, str(number), data_timestamp)
        return True

    def _taken_back(self, ident: str, gone: str | None, data_timestamp: str | None) -> bool:
        """The registry answered an id by a record of its own: it is not gone and leads nowhere else; whether it was."""
        led = self.db.execute("SELECT nct_id FROM alias WHERE alias = ? AND told_by = '301'", (ident,)).fetchone()
        if led is not None:
            self.db.execute("DELETE FROM alias WHERE alias = ? AND told_by = '301'", (ident,))
        return self._revive(ident, gone, None if led is None else led[0], data_timestamp)

    def _revive(self, ident: str, gone: str | None, led: str | None, data_timestamp: str | None) -> bool:
        """Take back that a trial was gone since a day, or that its id led to another; whether either was so."""
        if gone is not None:
            self.db.execute("UPDATE trial SET gone = NULL WHERE nct_id = ?", (ident,))
        elif led is None:
            return False
        self._befell(ident, "back", gone or led, data_timestamp)
        return True

    def mark_gone(self, ident: str, data_timestamp: str | None) -> bool:
        """Remember, inside a transaction, that the registry has no record of a held trial any more; whether it had."""
        today = utc_now(data_timestamp)[:10]
        missed = self.db.execute("UPDATE trial SET gone = ? WHERE nct_id = ? AND gone IS NULL", (today, ident))
        if missed.rowcount:
            self._befell(ident, "gone", today, data_timestamp)
        return bool(missed.rowcount)

    def _befell(self, ident: str, kind: str, about: str | None, data_timestamp: str | None) -> None:
        """Note that a held trial left or came back: the index is to follow, and `changes` tells of it."""
        if self._current(ident) is not None:
            self.tell(kind, ident, about or "", data_timestamp)
            self.note_change()

    def _current(self, ident: str) -> tuple[int, bytes, str | None, str | None] | None:
        """Number, content's hash and day of update of a trial's current version; the day since which it is gone."""
        row: tuple[int, bytes, str | None, str | None] | None = self.db.execute(
            "SELECT v.number, v.content, v.last_update_posted, t.gone FROM trial t "
            "JOIN version v ON v.nct_id = t.nct_id AND v.number = t.version WHERE t.nct_id = ?",
            (ident,),
        ).fetchone()
        return row

    def _has_content(self, ident: str, content: bytes) -> bool:
        found = self.db.execute("SELECT 1 FROM version WHERE nct_id = ? AND content = ?", (ident, content))
        return found.fetchone() is not None

    def _add_version(self, raw: RawRecord, posted: str | None, data_timestamp: str | None) -> int:
        ident = raw.nct_id
        newest = (  # a number that a damaged version had is not given again
            "SELECT coalesce(max(number), 0) FROM (SELECT number FROM version WHERE nct_id = ?1 "
            "UNION ALL SELECT number FROM damaged WHERE nct_id = ?1)"
        )
        number = int(self.db.execute(newest, (ident,)).fetchone()[0]) + 1
        self.put_version(Version(ident, number, utc_now(data_timestamp), posted, data_timestamp), raw)
        return number

    def put_version(self, version: Version, raw: RawRecord, place: int | None = None) -> None:
        """Write a version's row, inside a transaction; `place` is its rowid where it had one."""
        self.db.execute(
            "INSERT INTO version (rowid, nct_id, number, seen_at, last_update_posted, data_timestamp, content, digest, "
            "size, dictionary, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                place,
                version.nct_id,
                version.number,
                version.seen_at,
                version.last_update_posted,
                version.data_timestamp,
                raw.content_hash,
                version_digest(version, raw.body),
                len(raw.body),
                self.codec.newest,
                self._compressed(raw.body),
            ),
        )

    def _compressed(self, body: bytes) -> bytes:
        try:
            return self.codec.compress(body)
        except ValueError as error:
            raise StoreDamaged(self.cache.database, f"its dictionary can't be used ({error})") from None

    def _forget_derived(self, ident: str) -> None:
        for table, column in (("unknown_field", "nct_id"), ("link", "source")):
            self.db.execute(f"DELETE FROM {table} WHERE {column} = ?", (ident,))  # noqa: S608 - our own names
        self.db.execute("DELETE FROM alias WHERE nct_id = ? AND told_by = 'record'", (ident,))

    def _derive(self, raw: RawRecord, trial: Trial | None) -> None:
        """Note what follows from a trial's current record: unknown fields, aliases, links."""
        ident = raw.nct_id
        named = [] if trial is None else links.named(trial)
        aliases = () if trial is None else trial.aliases
        rows: dict[str, Sequence[tuple[str, ...]]] = {  # most trials have none of them
            "INSERT INTO unknown_field VALUES (?, ?)": [(ident, path) for path in raw.unknown_fields],
            "INSERT OR IGNORE INTO alias VALUES (?, ?, 'record')": [(alias, ident) for alias in aliases],
            "INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?)": [(ident, k.target, k.kind, k.evidence) for k in named],
        }
        for statement, values in rows.items():
            if values:
                self.db.executemany(statement, values)

    def drop_trial(self, ident: str) -> None:
        """Forget, inside a transaction, a trial that has no version any more."""
        self._forget_derived(ident)
        self.db.execute("DELETE FROM trial WHERE nct_id = ?", (ident,))
        self.note_change()

    def derive_anew(self) -> int:
        """Make all that follows from the current records again, inside a transaction; how many rows were other."""
        derived = (
            "SELECT 1 kind, source a, target b, kind c, evidence d FROM link "
            "UNION ALL SELECT 2, alias, nct_id, told_by, '' FROM alias UNION ALL SELECT 3, nct_id, path, '', '' "
            "FROM unknown_field UNION ALL SELECT 4, nct_id, problem, '', '' FROM trial WHERE problem NOT NULL"
        )
        self.db.execute(f"CREATE TEMP TABLE before AS {derived}")
        for table in ("link", "unknown_field", "alias WHERE told_by = 'record'"):
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        for (ident,) in self.select("SELECT nct_id FROM trial ORDER BY 1"):
            raw = self.raw(ident)
            trial, problem = _read(raw)
            self.db.execute("UPDATE trial SET problem = ? WHERE nct_id = ? AND problem IS NOT ?1", (problem, ident))
            self._derive(raw, trial)
        [(lacking, surplus)] = self.select(
            f"SELECT (SELECT count(*) FROM ({derived} EXCEPT SELECT * FROM before)), "  # noqa: S608 - our own words
            f"(SELECT count(*) FROM (SELECT * FROM before EXCEPT SELECT * FROM ({derived})))"
        )
        self.db.execute("DROP TABLE before")
        if lacking or surplus:
            self.note_change()
        return int(max(lacking, surplus))

    def train_dictionary(self, bodies: list[bytes]) -> None:
        """Train this cache's first dictionary, once there are records enough, inside a transaction."""
        if self.codec.newest or len(bodies) < TRAINING_RECORDS:
            return
        body = train(bodies[:TRAINING_RECORDS])
        if body is not None:
            self.db.execute("INSERT INTO dictionary VALUES (1, ?)", (body,))
            self.codec.add(1, body)

    def tell_alias(self, alias: str, nct_id: str, data_timestamp: str | None = None) -> None:
        """Remember that the registry answered 301 from one id to another, inside a transaction."""
        told = self.db.execute("SELECT nct_id FROM alias WHERE alias = ? AND told_by = '301'", (alias,)).fetchone()
        if told == (nct_id,):
            return
        self.db.execute("DELETE FROM alias WHERE alias = ? AND told_by = '301'", (alias,))
        self.db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?, '301')", (alias, nct_id))
        self._befell(alias, "alias", nct_id, data_timestamp or self.data_timestamp)  # where it has a record of its own

    # -- reading records ------------------------------------------------------------------------------------------

    def resolve(self, ident: str) -> str:
        """Return the id a trial is held under: itself, or what it is an alias of; TrialUnknown otherwise.

        A record of its own stands against what another record lists, until the registry redirects the id.
        """
        seen = [ident]
        while (target := self._redirect(seen[-1])) is not None and target not in seen:
            seen.append(target)
        held = [name for name in seen if self.select("SELECT 1 FROM trial WHERE nct_id = ?", (name,))]
        if not held:
            raise TrialUnknown(ident)
        return held[-1]

    def _redirect(self, ident: str) -> str | None:
        """Where an id leads: by the registry's word, else (where it has no record) by what a held record lists."""
        rows = self.select(
            "SELECT nct_id FROM alias WHERE alias = ?1 AND (told_by = '301' OR "
            "NOT EXISTS (SELECT 1 FROM trial WHERE nct_id = ?1)) ORDER BY told_by, nct_id",
            (ident,),
        )
        return str(rows[0][0]) if rows else None

    def raw(self, ident: str) -> RawRecord:
        """Return the current record as it was fetched; TrialUnknown where there is none."""
        dictionary, body = self._of_current("v.dictionary, v.body", ident)
        return RawRecord(self.body(ident, body, dictionary))

    def raw_as(self, ident: str, digest: bytes) -> RawRecord:
        """Return the version of a trial whose digest begins so: an index that is behind answers for its own records.

        The current one where that is not here; TrialUnknown where there is none.
        """
        rows = self.select(
            "SELECT dictionary, body FROM version "
            "WHERE nct_id = ?1 AND substr(digest, 1, length(?2)) = ?2 AND ?2 != x''",
            (ident, digest),
        )
        return RawRecord(self.body(ident, rows[0][1], rows[0][0])) if rows else self.raw(ident)

    def _of_current(self, columns: str, ident: str) -> Any:  # noqa: ANN401 - a row, as its columns are
        """Read columns of a trial (t) and its current version (v); TrialUnknown where there is none."""
        rows = self.select(
            f"SELECT {columns} FROM trial t JOIN version v ON v.nct_id = t.nct_id "  # noqa: S608 - our own words
            "AND v.number = t.version WHERE t.nct_id = ?",
            (ident,),
        )
        if not rows:
            raise TrialUnknown(ident)
        return rows[0]

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
        gone, _ = self.fate(ident)
        return msgspec.structs.replace(trial, gone=gone) if gone else trial

    def records(self) -> Iterator[RawRecord]:
        """Every living, readable record, in order of NCT id."""
        rows = self.db.execute(
            "SELECT t.nct_id, v.dictionary, v.body FROM trial t JOIN version v ON v.nct_id = t.nct_id "  # noqa: S608
            f"AND v.number = t.version WHERE {_READABLE} ORDER BY t.nct_id"  # - our own words
        )
        with closing(rows):
            for ident, dictionary, body in rows:
                yield RawRecord(self.body(ident, body, dictionary))

    def current_versions(self) -> dict[str, bytes]:
        """Trials that an index should have, in order of NCT id, each with its current record's digest."""
        return dict(
            self.select(
                "SELECT t.nct_id, v.digest FROM trial t JOIN version v ON v.nct_id = t.nct_id AND v.number = t.version "  # noqa: S608
                f"WHERE {_READABLE} ORDER BY 1"  # - our own words
            )
        )

    def timestamp_of(self, ident: str) -> str | None:
        """The registry's data timestamp when a trial's current record was fetched; None from files."""
        (timestamp,) = self._of_current("v.data_timestamp", ident)
        return None if timestamp is None else str(timestamp)

    def digest(self, ident: str) -> bytes:
        """Digest of a held trial's current version: what changes when its record does."""
        (digest,) = self._of_current("v.digest", ident)
        return bytes(digest)

    def fate(self, ident: str) -> tuple[str | None, str | None]:
        """Day since which a held trial is gone, and why its record can't be normalised; both None for most."""
        gone, problem = self._of_current("t.gone, t.problem", ident)
        return gone, problem

    def links_of(self, ident: str) -> list[tuple[str, str, str, str]]:
        """Links from or to a trial: (source, target, kind, evidence)."""
        return self.select(
            "SELECT source, target, kind, evidence FROM link WHERE source = ? OR target = ? ORDER BY 1, 2, 3",
            (ident, ident),
        )

    def aliases_of(self, ident: str) -> list[str]:
        """Other ids that records list, or the registry redirects, as a trial's."""
        return [
            alias for (alias,) in self.select("SELECT DISTINCT alias FROM alias WHERE nct_id = ? ORDER BY 1", (ident,))
        ]

    def counts(self) -> dict[str, int]:
        """How many living trials, gone ones, versions, records with a problem."""
        ((living,),) = self.select(f"SELECT count(*) FROM trial t WHERE {LIVING}")  # noqa: S608 - our own
        ((gone, problem),) = self.select("SELECT count(gone), count(problem) FROM trial")
        ((versions,),) = self.select("SELECT count(*) FROM version")
        return {"trials": living, "gone": gone, "versions": versions, "problems": problem}

    def problems(self) -> list[tuple[str, str]]:
        """Records that break the rules: (NCT id, reason)."""
        return self.select("SELECT nct_id, problem FROM trial WHERE problem NOT NULL ORDER BY nct_id")

    def unknown_fields(self) -> dict[str, int]:
        """Paths the registry's list doesn't have, with the number of trials that carry each, most first."""
        return dict(self.select("SELECT path, count(*) n FROM unknown_field GROUP BY path ORDER BY n DESC, path"))


def _read(raw: RawRecord) -> tuple[Trial | None, str | None]:
    try:
        return normalise(raw), None
    except RecordInvalid as error:
        return None, error.reason
