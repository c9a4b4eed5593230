"""What happened to trials, read from the store: each version against the one before, and what changed since the start.

A change is told when another record took the place of the one held; an older record that came later is no news.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from crawler.changes import Change, changes
from crawler.severity import HIGH, LOW, MEDIUM, SEVERITIES, Reason, reasons, severity
from crawler.store import Store
from crawler.trial import Trial
from crawler.versions import State, states, trial_of

KINDS = ("changed", "new", "gone", "alias")


class VersionTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version of a trial and how it differs from the one before it; `current` is the one that is held today."""

    nct_id: str
    version: int
    since: str
    seen_at: str
    last_update_posted: str | None
    severity: str
    reasons: list[Reason]
    fields: list[Change]
    data_timestamp: str | None
    current: bool
    problem: str | None = None


class Event(msgspec.Struct, frozen=True):
    """Something that happened to a trial, told of it when we saw it."""

    nct_id: str
    kind: str
    seen_at: str
    severity: str
    title: str | None
    reasons: list[Reason]
    fields: list[Change]
    data_timestamp: str | None


def history(store: Store, ident: str) -> Iterator[VersionTold]:
    """Tell the versions of a held trial, the oldest first."""
    before: Trial | None = None
    found = states(store, ident)
    last = max((state.row for state in found if state.held), default=0)
    for state in found:
        trial = trial_of(store, state.version)
        fields = [] if before is None or trial is None else changes(before, trial)
        why = [] if before is None or trial is None else reasons(before, trial, fields)
        yield VersionTold(
            nct_id=ident,
            version=state.place,
            since=state.since,
            seen_at=state.version.seen_at,
            last_update_posted=state.version.last_update_posted,
            severity=severity(why),
            reasons=why,
            fields=fields,
            data_timestamp=state.version.data_timestamp,
            current=state.row == last,
            problem="its record breaks the registry's rules" if trial is None else None,
        )
        before = trial or before


class Mark(NamedTuple):
    """A place in what was written down: the last event's number, the last version's row."""

    event: int
    version: int


def mark(store: Store) -> Mark:
    """Return the place up to which everything is written down now."""
    [(event, version)] = store.select(
        "SELECT (SELECT coalesce(max(number), 0) FROM event), (SELECT coalesce(max(rowid), 0) FROM version)"
    )
    return Mark(event, version)


def events(
    store: Store, *, since: str = "", idents: tuple[str, ...] = (), least: str = LOW, after: Mark | None = None
) -> Iterator[Event]:
    """Tell what happened after the cache was filled first (and after a mark, where one is given), newest first.

    `since` is the first day (2026-08-19, UTC) by when it was seen; `idents` leave in those ids alone; `least` is the
    least severity.
    """
    wanted = SEVERITIES[SEVERITIES.index(least) :]
    reader = _Reader(store)
    filled = _first_fill(store)
    begin = filled if after is None else Mark(max(filled.event, after.event), max(filled.version, after.version))
    for occurred in sorted([*_versions(store, begin, since), *_fates(store, begin, since)], reverse=True):
        event = None if idents and occurred[4] not in idents else reader.event(occurred)
        if event is not None and event.severity in wanted:
            yield event


# (seen_at, rowid of the newest version then, number of the event or 0, kind, NCT id, about, data timestamp or "")
_Occurred = tuple[str, int, int, str, str, str, str]


def _first_fill(store: Store) -> Mark:
    """The place where the first fill ended; all that there is, where it has not."""
    rows = store.select("SELECT number, versions FROM event WHERE kind = 'filled'")
    return Mark(*rows[0]) if rows else mark(store)


def _versions(store: Store, after: Mark, since: str) -> list[_Occurred]:
    return store.select(
        "SELECT seen_at, rowid, 0, 'version', nct_id, CAST(number AS TEXT), coalesce(data_timestamp, '') "
        "FROM version WHERE rowid > ? AND seen_at >= ?",
        (after.version, since),
    )


def _fates(store: Store, after: Mark, since: str) -> list[_Occurred]:
    return store.select(
        "SELECT seen_at, versions, number, kind, nct_id, about, coalesce(data_timestamp, '') FROM event "
        "WHERE kind IN ('gone', 'back', 'alias') AND number > ? AND seen_at >= ?",
        (after.event, since),
    )


class _Reader:
    """Makes events of what occurred; trials are read once where they follow each other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states = lru_cache(maxsize=64)(lambda ident: states(store, ident))

    def event(self, occurred: _Occurred) -> Event | None:
        """Return the event; None where a version makes no difference."""
        seen_at, row, _, kind, ident, about, timestamp = occurred
        if kind == "version":
            return self._version(ident, row)
        fields, reason = _FATES[kind](ident, about)
        told = "changed" if kind == "back" else kind
        return Event(ident, told, seen_at, reason.severity, self._title(ident), [reason], fields, timestamp or None)

    def _version(self, ident: str, row: int) -> Event | None:
        chain = [state for state in self._states(ident) if state.held]
        chain.sort(key=lambda state: state.row)
        place = next((place for place, state in enumerate(chain) if state.row == row), None)
        if place is None:
            return None  # it replaced nothing
        state = chain[place]
        trial = trial_of(self._store, state.version)
        title = None if trial is None else trial.title
        if not place:
            reason = Reason("new", MEDIUM, "seen for the first time")
            return _event(state, "new", title, [reason], [])
        before = self._readable(chain[:place])
        if before is None or trial is None:
            return None
        fields = changes(before, trial)
        return _event(state, "changed", title, reasons(before, trial, fields), fields) if fields else None

    def _readable(self, chain: list[State]) -> Trial | None:
        """Return the newest that can be read."""
        return next(filter(None, (trial_of(self._store, state.version) for state in reversed(chain))), None)

    def _title(self, ident: str) -> str | None:
        trial = self._readable([state for state in self._states(ident) if state.held])
        return None if trial is None else trial.title


def _event(state: State, kind: str, title: str | None, why: list[Reason], fields: list[Change]) -> Event:
    version = state.version
    return Event(version.nct_id, kind, version.seen_at, severity(why), title, why, fields, version.data_timestamp)


def _gone(_ident: str, day: str) -> tuple[list[Change], Reason]:
    return [Change("gone", None, day)], Reason("gone", HIGH, f"gone from the registry since {day}")


def _back(ident: str, about: str) -> tuple[list[Change], Reason]:
    if about.startswith("NCT"):
        reason = Reason("back", MEDIUM, f"it has a record of its own again; it was an obsolete id of {about}")
        return [Change("nct_id", about, ident)], reason
    return [Change("gone", about, None)], Reason("back", HIGH, f"the registry has it again; it was gone since {about}")


def _alias(ident: str, target: str) -> tuple[list[Change], Reason]:
    return [Change("nct_id", ident, target)], Reason("alias", MEDIUM, f"now an obsolete id of {target}")


_FATES = {"gone": _gone, "back": _back, "alias": _alias}
