"""Records from files into the store: a page at a time, what can't be read told with its reason."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from crawler.errors import RecordInvalid
from crawler.files import Unread, read_source
from crawler.record import RawRecord
from crawler.store import Store

PAGE_RECORDS = 500  # one transaction; at least as many as a dictionary is trained from


@dataclass
class Loaded:
    """What became of the records of some files."""

    loaded: int = 0
    unchanged: int = 0
    older: int = 0
    failed: list[Unread] = field(default_factory=list)


def load(store: Store, sources: Iterable[str], advance: Callable[[int], None]) -> Loaded:
    """Keep every record of the sources; `advance` is told how many more were read."""
    outcome = Loaded()
    records = _records(sources)
    while page := list(islice(records, PAGE_RECORDS)):
        with store.transaction():
            store.train_dictionary([item.body for _, item in page if isinstance(item, RawRecord)])
            for place, item in page:
                _keep(store, place, item, outcome)
        advance(len(page))
    return outcome


def _records(sources: Iterable[str]) -> Iterator[tuple[str, RawRecord | Unread]]:
    for source in sources:
        yield from read_source(source)


def _keep(store: Store, place: str, item: RawRecord | Unread, outcome: Loaded) -> None:
    if isinstance(item, Unread):
        outcome.failed.append(item)
        return
    try:
        kept = store.keep(item, None, newest_wins=True)
    except RecordInvalid as error:
        outcome.failed.append(Unread(place, error.reason))
        return
    item.release()
    if kept == "unchanged":
        outcome.unchanged += 1
    elif kept == "older":
        outcome.older += 1
    else:
        outcome.loaded += 1
