"""The records as they were held at the end of a day, under the names by which a store has today's."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple, Self

from crawler import links
from crawler.config import Cache, CacheAsOf
from crawler.dates import day_text, first_day
from crawler.errors import RecordInvalid
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.store import Store, Version
from crawler.versions import State, in_order, newest_by, raw_of, state_as_of, states, trial_of

Link = tuple[str, str, str, str]  # source, target, kind, evidence
_FATES = "SELECT nct_id, kind, about, seen_at FROM event WHERE kind IN ('gone', 'back', 'alias') ORDER BY number"
_TODAY = "SELECT nct_id, version, problem FROM trial"


class _Left(NamedTuple):
    """How a trial had left by the day: `gone` and the day, or `alias` and the id that it led to."""

    kind: str
    about: str


class _Chosen(NamedTuple):
    """A trial's version of the day, and its digest."""

    version: Version
    digest: bytes


class StoreAsOf(Store):
    """A cache as of a day, to read. A trial is there from its oldest version on, until it was gone or another's id.

    What is told of one trial is read when it is asked for; the whole of them once, by short reads, so that no writer
    has to wait: versions are never written again.
    """

    day: int
    _stamp: int

    @classmethod
    def as_of(cls, cache: Cache, day: int) -> Self:
        """Open for reading as of the end of a day (YYYYMMDD); CacheEmpty where nothing was fetched yet."""
        store = cls.reading(CacheAsOf(cache.folder, day_text(day)))
        store.day = day
        store._stamp = store._read_stamp()  # noqa: SLF001 - first: what comes meanwhile is seen next time
        return store

    @property
    def change(self) -> int:
        """A number that differs where the store does; it has no order, for old versions come without a change."""
        return self._stamp

    def _read_stamp(self) -> int:
        """Made of what every change moves, and of the two ends, by which a cache made anew differs."""
        [counts] = self.select(
            "SELECT (SELECT value FROM meta WHERE key = 'change'), (SELECT max(number) FROM event), "
            "min(rowid), max(rowid) FROM version"
        )
        ends = self.select("SELECT digest FROM version WHERE rowid IN (?, ?) ORDER BY rowid", counts[2:])
        return int.from_bytes(sha256(repr((counts, ends)).encode()).digest()[:6])

    # -- all of them -----------------------------------------------------------------------------------------------

    def current_versions(self) -> dict[str, bytes]:
        """Trials of that day that can be read, in order of NCT id, each with its record's digest."""
        return {ident: chosen.digest for ident, chosen in self._chosen.items()}

    def records(self) -> Iterator[RawRecord]:
        """Their records, in the same order."""
        for chosen in self._chosen.values():
            yield raw_of(self, chosen.version)

    def why_empty(self) -> str:
        """Say why no trial was held on the day."""
        [(oldest,)] = self.select("SELECT min(coalesce(last_update_posted, substr(seen_at, 1, 10))) FROM version")
        day = day_text(self.day)
        if oldest is None or first_day(oldest) <= self.day:
            return f"no trial was held here on {day}."
        return f"no trial was held here on {day}: the oldest version of any is of {oldest}."

    @property
    def data_timestamp(self) -> str | None:
        """The newest timestamp that the registry gave with one of these records; None where all came from files."""
        return max(filter(None, (chosen.version.data_timestamp for chosen in self._chosen.values())), default=None)

    @cached_property
    def _chosen(self) -> dict[str, _Chosen]:
        there = dict(self._newest())  # first, so that no version is read whose events are not
        left = self._left
        today = {ident: (number, problem) for ident, number, problem in self.select(_TODAY)}
        return {
            ident: chosen
            for ident, chosen in there.items()
            if not _is_out(left.get(ident), there) and self._is_readable(chosen.version, today.get(ident))
        }

    def _newest(self) -> Iterator[tuple[str, _Chosen]]:
        rows = self.select(
            "SELECT nct_id, number, seen_at, last_update_posted, data_timestamp, rowid, digest FROM version "
            "ORDER BY nct_id, number"
        )
        aside = defaultdict(set)
        for ident, number in self.select("SELECT nct_id, about FROM event WHERE kind = 'aside'"):
            aside[ident].add(int(number))
        for ident, group in groupby(rows, key=lambda row: str(row[0])):
            versions = list(group)
            state = newest_by(in_order(ident, [row[1:6] for row in versions], aside.get(ident, ())), self.day)
            if state is not None:
                digest = next(row[6] for row in versions if row[1] == state.version.number)
                yield ident, _Chosen(state.version, bytes(digest))

    def _is_readable(self, version: Version, today: tuple[int, str | None] | None) -> bool:
        if today is not None and today[0] == version.number:
            return today[1] is None
        return trial_of(self, version) is not None

    @cached_property
    def _left(self) -> dict[str, _Left]:
        """Trials that had left by the day: events tell when, what has none left before there were events."""
        told: set[str] = set()
        left: dict[str, _Left] = {}
        for trial, kind, about, seen_at in self.select(_FATES):
            told.add(trial)
            if first_day(about if kind == "gone" else seen_at[:10]) > self.day:
                continue
            if kind == "back":
                left.pop(trial, None)
            else:
                left[trial] = _Left(kind, about)
        gone = self.select("SELECT nct_id, 'gone', gone FROM trial WHERE gone NOT NULL")
        aliases = self.select("SELECT alias, 'alias', nct_id FROM alias WHERE told_by = '301'")
        untold = (*(row for row in gone if first_day(row[2]) <= self.day), *aliases)
        return left | {trial: _Left(kind, about) for trial, kind, about in untold if trial not in told}

    # -- one of them -----------------------------------------------------------------------------------------------

    def resolve(self, ident: str) -> str:
        """Return the id that a trial was held under; one that had a record of its own that day is not led elsewhere."""
        left = self._left.get(ident)
        if (left is None or left.kind == "gone") and newest_by(states(self, ident), self.day) is not None:
            return ident
        return super().resolve(ident)

    def raw(self, ident: str) -> RawRecord:
        """Return the record of that day as it was fetched; TrialUnknown or VersionUnknown where there is none."""
        record = raw_of(self, self._state(ident).version)
        self._links[ident] = _named(ident, record)
        return record

    def raw_as(self, ident: str, _digest: bytes) -> RawRecord:
        """Return the record of that day, whichever version is asked for: there is no other."""
        return self.raw(ident)

    def fate(self, ident: str) -> tuple[str | None, str | None]:
        """Day since which a trial was gone by then, and why its record of then can't be normalised."""
        state, left = self._state(ident), self._left.get(ident)
        gone = left.about if left is not None and left.kind == "gone" else None
        try:
            normalise(raw_of(self, state.version))
        except RecordInvalid as error:
            return gone, error.reason
        return gone, None

    def _state(self, ident: str) -> State:
        return state_as_of(self, ident, self.day)

    def links_of(self, ident: str) -> list[Link]:
        """Links from or to a trial, by the records of that day that were read here so far: the table has today's."""
        held = {link for named in self._links.values() for link in named if ident in link[:2]}
        return sorted(held)

    @cached_property
    def _links(self) -> dict[str, list[Link]]:
        return {}


def _is_out(left: _Left | None, there: dict[str, _Chosen]) -> bool:
    """Tell whether a trial had left; one that leads to a trial that was not there yet stands for both."""
    return left is not None and (left.kind == "gone" or left.about in there)


def _named(ident: str, record: RawRecord) -> list[Link]:
    try:
        return [(ident, link.target, link.kind, link.evidence) for link in links.named(normalise(record))]
    except RecordInvalid:
        return []
