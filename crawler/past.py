"""The registry's own history of a trial into the store: the versions from before the one held, a request each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from crawler.dates import checked_date
from crawler.errors import BodyTooLarge, RecordInvalid, RequestRejected
from crawler.record import RawRecord
from crawler.registry import History, PastVersion
from crawler.store import Store
from crawler.versions import raw_of, states


@dataclass
class Past:
    """What became of a trial's history: `listed` versions at the registry, those kept, reasons of those that failed."""

    listed: int
    kept: int = 0
    failed: list[str] = field(default_factory=list)


def fetch_past(
    store: Store, history: History, ident: str, data_timestamp: str | None, advance: Callable[[int], None]
) -> Past:
    """Fetch what the registry has of a held trial from before; `advance` is told of each version asked for."""
    listed = history.versions(ident)
    past = Past(len(listed))
    for version in _wanted(store, ident, listed):
        try:
            raw = history.record(ident, version.version)
            if raw is None or raw.nct_id != ident:
                past.failed.append(f"version {version.version} of {ident}: the registry has no record of it")
            else:
                with store.transaction():
                    past.kept += store.keep_past(raw, raw.last_update_posted or _day(version.date), data_timestamp)
        except (RequestRejected, BodyTooLarge, RecordInvalid) as error:
            past.failed.append(f"version {version.version} of {ident}: {error}")
        advance(1)
    return past


def _wanted(store: Store, ident: str, listed: list[PastVersion]) -> list[PastVersion]:
    """Versions that are not here, the oldest first: of those of one day as many are taken for ours as we have of it."""
    here = Counter(_submitted(raw_of(store, state.version)) for state in states(store, ident))
    newest = _submitted(store.raw(ident))
    wanted = []
    for version in reversed(listed):
        later = newest is not None and version.date is not None and version.date > newest
        if version is listed[-1] or later or here[version.date]:
            here[version.date] = max(0, here[version.date] - 1)
        else:
            wanted.append(version)
    return wanted[::-1]


def _submitted(raw: RawRecord) -> str | None:
    """Return the day on which a record was submitted, by which the history lists it."""
    return raw.text_at("protocolSection", "statusModule", "lastUpdateSubmitDate")


def _day(text: str | None) -> str | None:
    return checked_date(text, "the history's date")
