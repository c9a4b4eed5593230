"""The registry's own history of a trial into the store: the versions from before the one held, a request each."""

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
    """Versions that are not here: not the last, which is the one held, nor those submitted when one here was."""
    here = {_submitted(raw_of(store, state.version)) for state in states(store, ident)} - {None}
    newest = _submitted(store.raw(ident))
    return [
        version
        for version in listed[:-1]
        if version.date not in here and (newest is None or version.date is None or version.date < newest)
    ]


def _submitted(raw: RawRecord) -> str | None:
    """Return the day on which a record was submitted, by which the history lists it."""
    return raw.text_at("protocolSection", "statusModule", "lastUpdateSubmitDate")


def _day(text: str | None) -> str | None:
    return checked_date(text, "the history's date")
