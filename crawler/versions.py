"""The stored versions of a trial in the order in which the registry had them, whenever they came here."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from crawler.dates import first_day
from crawler.errors import RecordInvalid, TrialUnknown, VersionUnknown
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.store import Store, Version
from crawler.trial import Trial

# number, seen_at, last_update_posted, data_timestamp, rowid
VersionRow = tuple[int, str, str | None, str | None, int]


@dataclass(frozen=True)
class State:
    """A version among the others of its trial: `place` 1 is the oldest, `since` the day it was there from.

    `held` tells that it was the current one when it came (a version that is older than the one held never is), `row`
    orders versions by when they came.
    """

    place: int
    since: str
    version: Version
    held: bool
    row: int


def states(store: Store, ident: str) -> list[State]:
    """Versions of a trial, the oldest first. Those that came later though they are older stand where they belong."""
    rows = store.select(
        "SELECT number, seen_at, last_update_posted, data_timestamp, rowid FROM version WHERE nct_id = ? ORDER BY 1",
        (ident,),
    )
    told = store.select("SELECT about FROM event WHERE nct_id = ? AND kind = 'aside'", (ident,))
    return in_order(ident, rows, {int(number) for (number,) in told})


def in_order(ident: str, rows: Iterable[VersionRow], aside: Container[int]) -> list[State]:
    """Put a trial's versions, given by their numbers, in order; `aside` are those that replaced nothing."""
    found: list[State] = []
    current: State | None = None
    for number, seen_at, posted, timestamp, row in rows:
        version = Version(ident, number, seen_at, posted, timestamp)
        held = number not in aside and not _came_late(version, current)
        since = _since(version, current) if held else posted or ""
        state = State(0, since, version, held, row)
        current = state if held else current
        found.append(state)
    found.sort(key=lambda state: (state.since, state.row))
    return [State(place, s.since, s.version, s.held, s.row) for place, s in enumerate(found, 1)]


def _came_late(version: Version, current: State | None) -> bool:
    """Tell whether a file's record was older than the one held: caches from before events don't say so."""
    if current is None or version.data_timestamp is not None:
        return False
    return (version.last_update_posted or "") < (current.version.last_update_posted or "")


def _since(version: Version, current: State | None) -> str:
    """Return the day of its update; the day we saw it where the registry changed it without one."""
    posted, seen = version.last_update_posted, version.seen_at[:10]
    if current is None:
        return posted or seen
    before = current.version.last_update_posted
    since = posted if posted is not None and (before is None or posted > before) else seen
    return max(since, current.since)


def raw_of(store: Store, version: Version) -> RawRecord:
    """Return a version's record as it was fetched; StoreDamaged where it can't be read."""
    [(dictionary, body)] = store.select(
        "SELECT dictionary, body FROM version WHERE nct_id = ? AND number = ?", (version.nct_id, version.number)
    )
    return RawRecord(store.body(version.nct_id, body, dictionary))


def trial_of(store: Store, version: Version) -> Trial | None:
    """Return a version's Trial; None where its record breaks the rules."""
    try:
        return normalise(raw_of(store, version))
    except RecordInvalid:
        return None


def state_as_of(store: Store, ident: str, day: int) -> State:
    """Return the version that the registry had at the end of a day (YYYYMMDD); VersionUnknown where none is so old."""
    found = states(store, ident)
    if not found:
        raise TrialUnknown(ident)
    state = newest_by(found, day)
    if state is None:
        raise VersionUnknown(ident, found[0].since)
    return state


def newest_by(found: list[State], day: int) -> State | None:
    """Return the last of a trial's versions that was there at the end of a day (YYYYMMDD), None where there is none."""
    there = [state for state in found if not state.since or first_day(state.since) <= day]
    return there[-1] if there else None
