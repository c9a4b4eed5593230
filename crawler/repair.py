"""What rotted in a cache: mended where its own bytes allow, set aside where not, and asked for again by id.

Each step is a transaction and leaves a cache that can be read; a repair that was broken off is begun again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.database import utc_now
from crawler.errors import (
    BodyTooLarge,
    CrawlError,
    RecordInvalid,
    RedirectRefused,
    RequestRejected,
    StoreError,
)
from crawler.fetching import batched
from crawler.record import RawRecord, keyed
from crawler.registry import Registry
from crawler.store import Store, Version, version_digest
from crawler.verify import damaged_versions, set_aside, strays, without_current
from crawler.versions import states

_COLUMNS = "nct_id, number, seen_at, last_update_posted, data_timestamp, content, digest, size, dictionary, body"


@dataclass
class Repair:
    """Sentences of what is whole again and what is not; `stopped` tells why the registry could not be asked on."""

    repaired: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    stopped: str | None = None


class _Row(NamedTuple):
    nct_id: str
    number: int
    seen_at: str
    posted: str | None
    timestamp: str | None
    content: bytes
    digest: bytes
    size: int
    dictionary: int
    body: bytes


# -- what is here ------------------------------------------------------------------------------------------------------


def mend(store: Store, repair: Repair) -> None:
    """Mend versions by what their own bytes say; set the others aside and let trials have the newest that is left."""
    with store.transaction():
        for nct_id in strays(store):
            _point_to_newest(store, nct_id)
            repair.repaired.append(f"{nct_id} is a trial again: its versions were here")
        for nct_id, number, reason in list(damaged_versions(store, {})):
            if not _mended(store, nct_id, number, repair):
                _set_aside(store, nct_id, number, reason)
        _drop_dictionaries(store)
        for nct_id in without_current(store):
            _note_missing(store, nct_id)
            _point_to_newest(store, nct_id)
        store.db.execute(  # rows that a salvage could not read, of versions that are not the current one
            "UPDATE damaged SET wanted = 0 WHERE place IS NULL AND number < "
            "(SELECT version FROM trial t WHERE t.nct_id = damaged.nct_id)"
        )


def _mended(store: Store, nct_id: str, number: int, repair: Repair) -> bool:
    """Whether the body is whole, and what is told of it could be put right or had to be taken as it stands."""
    row = _Row(*store.select(f"SELECT {_COLUMNS} FROM version WHERE nct_id = ? AND number = ?", (nct_id, number))[0])  # noqa: S608 - our own names
    try:
        raw = RawRecord(store.body(nct_id, row.body, row.dictionary))
        if raw.nct_id != nct_id:
            return False
        written = _as_written(store, row, raw)
        if written is None and raw.content_hash != row.content:
            return False
    except (StoreError, RecordInvalid):
        return False
    if written is None:
        seen_at = row.seen_at if isinstance(row.seen_at, str) and row.seen_at.isascii() else utc_now()
        written = Version(nct_id, number, seen_at, raw.last_update_posted, row.timestamp)
        repair.lost.append(
            f"version {number} of {nct_id} is whole, but when it was seen, or of which data it is, may be other "
            "than was written"
        )
    else:
        repair.repaired.append(f"version {written.number} of {nct_id} is as it was written again")
    store.db.execute(
        "UPDATE version SET number = ?, seen_at = ?, last_update_posted = ?, content = ?, digest = ?, size = ? "
        "WHERE nct_id = ? AND number = ?",
        (
            written.number,
            written.seen_at,
            written.last_update_posted,
            raw.content_hash,
            version_digest(written, raw.body),
            len(raw.body),
            nct_id,
            number,
        ),
    )
    return True


def _as_written(store: Store, row: _Row, raw: RawRecord) -> Version | None:
    """Find what was told of a version from its digest: its date stands in its record, its number at its trial."""
    current = [number for (number,) in store.select("SELECT version FROM trial WHERE nct_id = ?", (row.nct_id,))]
    taken = {number for (number,) in store.select("SELECT number FROM version WHERE nct_id = ?", (row.nct_id,))}
    for number in (row.number, *(set(current) - taken)):
        for posted in (row.posted, raw.last_update_posted, None):
            version = Version(row.nct_id, number, row.seen_at, posted, row.timestamp)
            if version_digest(version, raw.body) == row.digest:
                return version
    return None


def _set_aside(store: Store, nct_id: str, number: int, reason: str) -> None:
    store.db.execute(
        f"INSERT INTO damaged SELECT {_COLUMNS}, v.rowid, ?3, ?4, EXISTS (SELECT 1 FROM trial t "  # noqa: S608 - our own names
        "WHERE t.nct_id = ?1 AND t.version = ?2) FROM version v WHERE nct_id = ?1 AND number = ?2",
        (nct_id, number, reason, utc_now()),
    )
    store.db.execute("DELETE FROM version WHERE nct_id = ? AND number = ?", (nct_id, number))
    store.db.execute("DELETE FROM event WHERE nct_id = ? AND kind = 'aside' AND about = ?", (nct_id, str(number)))


def _drop_dictionaries(store: Store) -> None:
    """A dictionary that rotted so far that nothing can be written with it is of no use to any body either."""
    try:
        store.codec.compress(b"{}")
    except ValueError:
        store.db.execute("DELETE FROM dictionary WHERE number NOT IN (SELECT dictionary FROM version)")
        store.reload_codec()


def _note_missing(store: Store, nct_id: str) -> None:
    """Write down that the current version is missing, where no row of it was set aside."""
    store.db.execute(
        "INSERT INTO damaged (nct_id, number, reason, set_aside_at, wanted) SELECT nct_id, version, ?, ?, 1 "
        "FROM trial t WHERE nct_id = ? AND NOT EXISTS "
        "(SELECT 1 FROM damaged d WHERE d.nct_id = t.nct_id AND d.number = t.version AND d.wanted)",
        ("its row is missing", utc_now(), nct_id),
    )


def _point_to_newest(store: Store, nct_id: str) -> None:
    """Let a trial have the newest version that is here; one that has none is no trial until it is had again."""
    found = states(store, nct_id)
    newest = max((state for state in found if state.held), key=lambda state: state.row, default=None)
    chosen = newest or (found[-1] if found else None)
    if chosen is None:
        store.drop_trial(nct_id)
    else:
        _point_to(store, nct_id, chosen.version.number)


def _point_to(store: Store, nct_id: str, number: int) -> None:
    fates = store.select(
        "SELECT kind, about FROM event WHERE nct_id = ? AND kind IN ('gone', 'back') ORDER BY number DESC LIMIT 1",
        (nct_id,),
    )
    gone = fates[0][1] if fates and fates[0][0] == "gone" else None
    store.db.execute(
        "INSERT INTO trial VALUES (?1, ?2, ?3, NULL) ON CONFLICT (nct_id) DO UPDATE SET version = ?2",
        (nct_id, number, gone),
    )


# -- what the registry has ---------------------------------------------------------------------------------------------


def wanted(store: Store, known: Sequence[str] = ()) -> list[str]:
    """Trials to be asked for, in order: whose current version is set aside, and those known that are not here."""
    found = {nct_id for nct_id, _, still in set_aside(store) if still}
    held = {nct_id for (nct_id,) in store.select("SELECT nct_id FROM trial")}
    return sorted(found | (set(known) - held))


def fetch_again(
    nct_ids: Sequence[str], store: Store, registry: Registry, repair: Repair, advance: Callable[[int], None]
) -> None:
    """Ask the registry for trials; each batch is kept before the next is asked for."""
    try:
        timestamp = registry.version().data_timestamp
        for batch in batched(nct_ids):
            records: dict[str, RawRecord | str] = dict(keyed(registry.studies(batch))[0])
            for nct_id in batch:
                if nct_id not in records:
                    records[nct_id] = _alone(registry, nct_id)
            with store.transaction():
                for nct_id in batch:
                    _settle(store, nct_id, records[nct_id], timestamp, repair)
            advance(len(batch))
    except CrawlError as error:
        repair.stopped = str(error)


class _Never(str):
    """Why the registry will not give a record, however often it is asked."""

    __slots__ = ()


def _alone(registry: Registry, nct_id: str) -> RawRecord | str:
    """Ask for one id; its record, or why there is none."""
    try:
        raw = registry.study(nct_id)
        if raw is not None and raw.nct_id != nct_id:
            return _Never(f"the registry leads from it to {raw.nct_id}")
    except (RequestRejected, BodyTooLarge, RedirectRefused, RecordInvalid) as error:
        return str(error)
    return raw or _Never("the registry has no record of it any more")


def _settle(store: Store, nct_id: str, answer: RawRecord | str, timestamp: str, repair: Repair) -> None:
    if isinstance(answer, str):
        if isinstance(answer, _Never):
            store.db.execute("UPDATE damaged SET wanted = 0 WHERE nct_id = ?", (nct_id,))
        repair.lost.append(f"{nct_id} was not to be had: {answer}")
        return
    known = store.select("SELECT 1 FROM damaged WHERE nct_id = ? AND wanted AND content NOT NULL", (nct_id,))
    number = _restore(store, answer)
    kept = store.keep(answer, timestamp)
    store.db.execute("UPDATE damaged SET wanted = 0 WHERE nct_id = ?", (nct_id,))
    if number is not None:
        repair.repaired.append(f"version {number} of {nct_id} has its record again, from the registry")
    elif kept != "unchanged":
        which = "which is another than the one lost" if known else "whether it is the one lost can't be told"
        repair.repaired.append(f"{nct_id} has the registry's record of today, {which}")


def _restore(store: Store, raw: RawRecord) -> int | None:
    """Give a version that was set aside its body again where the registry's record is that one; its number."""
    rows = store.select(
        f"SELECT {_COLUMNS}, place FROM damaged WHERE nct_id = ? AND wanted ORDER BY number DESC",  # noqa: S608 - our own names
        (raw.nct_id,),
    )
    for *columns, place in rows:
        row = _Row(*columns)
        version = Version(row.nct_id, row.number, row.seen_at, row.posted, row.timestamp)
        if row.content != raw.content_hash and version_digest(version, raw.body) != row.digest:
            continue
        if isinstance(row.seen_at, str):
            _put_back(store, version, raw, place)
            return row.number
    return None


def _put_back(store: Store, version: Version, raw: RawRecord, place: int) -> None:
    told = Version(version.nct_id, version.number, version.seen_at, raw.last_update_posted, version.data_timestamp)
    store.put_version(told, raw, place)
    _point_to(store, told.nct_id, told.number)
    store.db.execute("DELETE FROM damaged WHERE nct_id = ? AND number = ?", (told.nct_id, told.number))


# -- what follows from the records, and what is left ------------------------------------------------------------------


def derive(store: Store, repair: Repair) -> None:
    """Make links, aliases, unknown fields and problems again from the records."""
    with store.transaction():
        other = store.derive_anew()
    if other:
        repair.repaired.append(f"links, aliases and unknown fields were made again: {other} rows were other")


def set_aside_until(store: Store) -> int:
    """Return the row of what was set aside last; 0 where nothing was."""
    return int(store.select("SELECT coalesce(max(rowid), 0) FROM damaged")[0][0])


def tell_lost(store: Store, repair: Repair, before: int, why: str) -> None:
    """Tell of every version set aside since `before` (as `set_aside_until` had it), and of all that may yet be had."""
    told = dict(store.select("SELECT nct_id || ' ' || number, reason FROM damaged WHERE rowid > ?", (before,)))
    for nct_id, number, still in set_aside(store):
        reason = told.get(f"{nct_id} {number}", "in an earlier repair")
        if not still and f"{nct_id} {number}" not in told:
            continue
        hope = repair.stopped or why if still else "nobody can give it back"
        repair.lost.append(f"version {number} of {nct_id} is lost and set aside ({reason}): {hope}")
