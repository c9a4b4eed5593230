"""A refresh as far as it has come: each page in one transaction with where to go on, so that a kill loses nothing."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from crawler.errors import RecordInvalid
from crawler.ledger import Answer, Ledger
from crawler.record import RawRecord
from crawler.store import LIVING

S = TypeVar("S", bound=msgspec.Struct)

DONE = Answer()  # the state of a stage that ended
_FAILED = "failed "
# What befell a trial in this run, the weightier word last: a trial may come twice in one run.
_OUTCOMES = ("unchanged", "changed", "new", "gone", "alias")


class Progress(Ledger):
    """One run of a refresh in a store that is open for writing."""

    # -- where to go on ----------------------------------------------------------------------------------------------

    def state(self, stage: str, kind: type[S]) -> S | None:
        """Where a stage stands, None where it did not begin."""
        rows = self._store.select("SELECT answer FROM answer WHERE run = ? AND request = ?", (self._run, stage))
        return msgspec.json.decode(rows[0][0], type=kind) if rows else None

    def is_done(self, stage: str) -> bool:
        """Whether a stage without a state of its own was ended."""
        return self.heard(stage) is not None

    def done(self, stage: str) -> None:
        """Remember that a stage ended."""
        with self._store.transaction():
            self._put(stage, DONE)

    # -- pages -------------------------------------------------------------------------------------------------------

    def keep_page(
        self,
        records: Iterable[RawRecord],
        data_timestamp: str,
        stage: str | None = None,
        state: msgspec.Struct = DONE,
        ours: frozenset[str] | None = None,
    ) -> None:
        """Keep the records of a page (of `ours` alone), why one has no id, and where to go on.

        Each record is parsed when its turn comes and let go: a page of them parsed is more than the processor's cache.
        """
        with self._store.transaction():
            records = list(records)
            self._store.train_dictionary([raw.body for raw in records])
            for raw in records:
                self._keep(raw, data_timestamp, ours)
                raw.release()
            if stage is not None:
                self._put(stage, state)

    def _keep(self, raw: RawRecord, data_timestamp: str, ours: frozenset[str] | None) -> None:
        try:
            nct_id = raw.nct_id
        except RecordInvalid as error:
            self._note_failure(None, error.reason)
            return
        if ours is None or nct_id in ours:
            self._tell(nct_id, self._store.keep(raw, data_timestamp))

    def list_page(self, records: Iterable[RawRecord], stage: str, state: msgspec.Struct = DONE) -> None:
        """Note which ids a page lists, each with the day of its last update, and where to go on."""
        with self._store.transaction():
            self._store.db.executemany(
                "INSERT OR REPLACE INTO listed VALUES (?, ?, ?)",
                [(self._run, raw.nct_id, raw.last_update_posted) for raw in records],
            )
            self._put(stage, state)

    def lose(self, nct_id: str, data_timestamp: str) -> None:
        """The registry has no record of an id: a trial held under it is gone."""
        with self._store.transaction():
            if self._store.mark_gone(nct_id, data_timestamp):
                self._tell(nct_id, "gone")

    def redirect(self, alias: str, raw: RawRecord, data_timestamp: str) -> None:
        """The registry redirects an id to another trial, which is kept."""
        with self._store.transaction():
            self._tell(raw.nct_id, self._store.keep(raw, data_timestamp))
            self._store.tell_alias(alias, raw.nct_id, data_timestamp)
            self._tell(alias, "alias")

    def fail(self, nct_id: str | None, reason: str) -> None:
        """Remember what could not be had, and why; an id is None for a record that has none."""
        with self._store.transaction():
            self._note_failure(nct_id, reason)

    def _note_failure(self, nct_id: str | None, reason: str) -> None:
        self._put(f"{_FAILED}{nct_id or reason}", Answer([] if nct_id is None else [nct_id], problem=reason))

    def _tell(self, nct_id: str, outcome: str) -> None:
        db = self._store.db
        told = db.execute("INSERT OR IGNORE INTO reached VALUES (?, ?, 0, ?)", (self._run, nct_id, outcome))
        if told.rowcount:
            return
        less = _OUTCOMES[: _OUTCOMES.index(outcome)]
        if less:
            marks = ", ".join("?" * len(less))
            db.execute(
                f"UPDATE reached SET outcome = ? WHERE run = ? AND nct_id = ? AND outcome IN ({marks})",  # noqa: S608
                (outcome, self._run, nct_id, *less),
            )

    # -- what the run has come to ------------------------------------------------------------------------------------

    def unreached(self, nct_ids: Iterable[str]) -> list[str]:
        """Those of the ids that this run has not settled yet, in order."""
        return [ident for ident in nct_ids if not self._is_kept(ident) and self.heard(f"{_FAILED}{ident}") is None]

    def failures(self) -> list[tuple[str | None, str]]:
        """What could not be had, and why, in order."""
        rows = self._store.select(
            "SELECT answer FROM answer WHERE run = ? AND substr(request, 1, ?) = ? ORDER BY request",
            (self._run, len(_FAILED), _FAILED),
        )
        answers = [msgspec.json.decode(text, type=Answer) for (text,) in rows]
        return [(next(iter(answer.nct_ids), None), answer.problem or "") for answer in answers]

    # -- a list of ids against what is held --------------------------------------------------------------------------

    def differing(self, *, strangers: bool) -> list[str]:
        """Ids listed whose record is not held as it is there now; `strangers`: also those not held at all."""
        rows = self._store.select(
            "SELECT l.nct_id FROM listed l LEFT JOIN trial t ON t.nct_id = l.nct_id "  # noqa: S608 - our own words
            "LEFT JOIN version v ON v.nct_id = t.nct_id AND v.number = t.version "
            "WHERE l.run = ?1 AND (CASE WHEN t.nct_id IS NULL THEN ?2 ELSE "
            f"v.last_update_posted IS NOT l.last_update_posted OR NOT ({LIVING}) END) ORDER BY 1",
            (self._run, strangers),
        )
        return self.unreached(ident for (ident,) in rows)

    def missing(self) -> list[str]:
        """Living trials that the list does not have, in order."""
        rows = self._store.select(
            f"SELECT t.nct_id FROM trial t WHERE {LIVING} "  # noqa: S608 - our own words
            "AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.run = ? AND l.nct_id = t.nct_id) ORDER BY 1",
            (self._run,),
        )
        return self.unreached(ident for (ident,) in rows)
