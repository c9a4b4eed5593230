"""A run's memory: what was asked and what the registry answered, so that a broken-off run goes on where it was.

A crawl is a function of the registry's answers. Each answer is kept with its records in one transaction; the same
command later is told again from them, and asks only for what it had not heard. When a run ends they are removed.
"""

from typing import Self

import msgspec

from crawler.database import utc_now
from crawler.record import RawRecord
from crawler.store import Store


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a request brought: ids of records (in order), a token for more, why it failed for good."""

    nct_ids: list[str] = []
    token: str | None = None
    problem: str | None = None
    unusable: list[str] = []


class Ledger:
    """One run of a command in a store that is open for writing."""

    def __init__(self, store: Store, run: int, *, resumed: bool) -> None:
        self._store = store
        self._run = run
        self.resumed = resumed
        self._records: dict[str, RawRecord] = {}

    @classmethod
    def open(cls, store: Store, command: str) -> Self:
        """Go on with the same command's unfinished run, or begin one."""
        row = store.db.execute("SELECT number FROM run WHERE command = ? AND ended_at IS NULL", (command,)).fetchone()
        if row is not None:
            return cls(store, row[0], resumed=True)
        with store.transaction():
            begun = store.db.execute("INSERT INTO run (command, began_at) VALUES (?, ?)", (command, utc_now()))
        return cls(store, begun.lastrowid or 0, resumed=False)

    @property
    def run(self) -> int:
        """Number of the run."""
        return self._run

    def begun_with(self, data_timestamp: str) -> str:
        """Return the registry's timestamp from when the run began: none of its records is older."""
        with self._store.transaction():
            self._store.db.execute(
                "UPDATE run SET data_timestamp = ? WHERE number = ? AND data_timestamp IS NULL",
                (data_timestamp, self._run),
            )
        row = self._store.db.execute("SELECT data_timestamp FROM run WHERE number = ?", (self._run,)).fetchone()
        return str(row[0])

    def heard(self, request: str) -> Answer | None:
        """Return what a request brought, None where it was not answered yet."""
        row = self._store.db.execute(
            "SELECT answer FROM answer WHERE run = ? AND request = ?", (self._run, request)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Answer)

    def hear(self, request: str, answer: Answer, records: list[RawRecord]) -> None:
        """Keep an answer and its records; the first body of a trial stands for the whole run."""
        with self._store.transaction():
            self._put(request, answer)
            self._store.db.executemany(
                "INSERT OR IGNORE INTO candidate VALUES (?, ?, ?)",
                [(self._run, raw.nct_id, self._store.codec.compress_alone(raw.body)) for raw in records],
            )
        for raw in records:
            self._records.setdefault(raw.nct_id, raw)

    def _put(self, request: str, told: msgspec.Struct) -> None:
        row = (self._run, request, msgspec.json.encode(told).decode())
        self._store.db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", row)

    def forget(self, prefix: str) -> None:
        """Drop the answers to requests that begin so: their tokens died with the registry's data."""
        with self._store.transaction():
            self._store.db.execute(
                "DELETE FROM answer WHERE run = ? AND substr(request, 1, ?) = ?", (self._run, len(prefix), prefix)
            )

    def record(self, nct_id: str) -> RawRecord | None:
        """Return a trial's record as this run fetched it, None where it did not."""
        raw = self._records.get(nct_id)
        if raw is None:
            row = self._store.db.execute(
                "SELECT body FROM candidate WHERE run = ? AND nct_id = ?", (self._run, nct_id)
            ).fetchone()
            if row is None:
                return None
            raw = self._records[nct_id] = RawRecord(self._store.body(nct_id, row[0], 0))
        return raw

    def keep(self, reached: list[tuple[str, int]], data_timestamp: str | None) -> None:
        """Move trials (id, depth) from the run's records into the store, in one transaction; twice is once."""
        with self._store.transaction():
            records = (self.record(nct_id) for nct_id, _ in reached)
            self._store.train_dictionary([raw.body for raw in records if raw is not None])
            for nct_id, depth in reached:
                raw = self.record(nct_id)
                if raw is None or self._is_kept(nct_id):
                    continue
                # A run that goes on after days must not put its old records in the place of newer ones.
                outcome = self._store.keep(raw, data_timestamp, newest_wins=self.resumed)
                told = (self._run, nct_id, depth, outcome)
                self._store.db.execute("INSERT INTO reached VALUES (?, ?, ?, ?)", told)
            if reached and data_timestamp is not None:
                self._store.set_meta("data_timestamp", data_timestamp)

    def keep_alias(self, alias: str, nct_id: str) -> None:
        """Remember that one id is another's obsolete one."""
        with self._store.transaction():
            self._store.tell_alias(alias, nct_id)

    def _is_kept(self, nct_id: str) -> bool:
        found = self._store.db.execute("SELECT 1 FROM reached WHERE run = ? AND nct_id = ?", (self._run, nct_id))
        return found.fetchone() is not None

    def outcomes(self) -> dict[str, int]:
        """How many trials were new, changed, unchanged over the whole run."""
        rows = self._store.db.execute("SELECT outcome, count(*) FROM reached WHERE run = ? GROUP BY 1", (self._run,))
        return dict(rows.fetchall())

    def finish(self, data_timestamp: str | None) -> None:
        """End the run and drop what only a broken-off one needs."""
        with self._store.transaction():
            self._store.db.execute(
                "UPDATE run SET ended_at = ?, data_timestamp = ? WHERE number = ?",
                (utc_now(), data_timestamp, self._run),
            )
            for table in ("answer", "candidate", "reached", "listed"):
                self._store.db.execute(f"DELETE FROM {table} WHERE run = ?", (self._run,))  # noqa: S608 - our names
