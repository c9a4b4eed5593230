"""Runs of watches: what a saved search or a neighbourhood has now, against what it had last time."""

from collections.abc import Iterable, Iterator

from crawler.errors import RecordInvalid, TrialkinError, TrialUnknown
from crawler.events import Event, events
from crawler.severity import LOW, SEVERITIES
from crawler.store import Store
from crawler.watches import Item, News, Watch, keep, members
from index.query.parse import parse
from index.search import Index, SearchRequest
from serve.neighbours import Neighbours

# Why a trial entered or left of which nothing is told.
_MATCHES_OTHERWISE = "it matches otherwise than before"
_ORDER_CHANGED = "others changed, and the order of the closest with them"


def run(store: Store, index: Index, wanted: Iterable[Watch]) -> Iterator[News]:
    """Run watches one by one and keep what each found before it is told; `store` is open for writing."""
    for watch in wanted:
        try:
            found = _found(store, index, watch)
        except TrialkinError as error:
            yield News(watch.name, [], [], [], index.manifest.data_timestamp, 0, error=str(error))
            continue
        news = _news(store, index, watch, found)
        keep(store, news, found)
        yield news


def _found(store: Store, index: Index, watch: Watch) -> list[str]:
    """Trials that a watch finds now, in order of NCT id."""
    if watch.near is not None:
        neighbours = Neighbours(index, store, {}, watch.closest, reasons=False)
        return sorted(hit.nct_id for hit in neighbours.of([watch.near], None).hits)
    node = parse(watch.query or "")
    total, _ = index.matching(SearchRequest(watch.query, node, sort="updated", limit=0, synonyms=True))
    request = SearchRequest(watch.query, node, sort="updated", limit=total, synonyms=True)
    return sorted(index.matching(request)[1]) if total else []


def _news(store: Store, index: Index, watch: Watch, found: list[str]) -> News:
    timestamp = index.manifest.data_timestamp
    if watch.ran_at is None:
        return News(watch.name, [], [], [], timestamp, len(found), baseline=True)
    before, now = members(store, watch.name), set(found)
    told = _by_trial(events(store, after=watch.told))
    if watch.near is not None and not told:
        before = now  # the same records stand otherwise after a rebuild, whose statistics are new: that is no news
    moved = _MATCHES_OTHERWISE if watch.near is None else _ORDER_CHANGED

    def items(idents: set[str]) -> list[Item]:
        return [_item(store, ident, told.get(ident, []), moved) for ident in sorted(idents)]

    return News(
        watch.name,
        entered=items(now - before),
        left=items(before - now),
        changed=items(before & now & told.keys()),
        data_timestamp=timestamp,
        members=len(now),
    )


def _by_trial(happened: Iterable[Event]) -> dict[str, list[Event]]:
    told: dict[str, list[Event]] = {}
    for event in happened:
        told.setdefault(event.nct_id, []).append(event)
    return told


def _item(store: Store, ident: str, happened: list[Event], moved: str) -> Item:
    severity = max((event.severity for event in happened), key=SEVERITIES.index, default=LOW)
    reasons = list(dict.fromkeys(reason.text for event in happened for reason in event.reasons))
    return Item(ident, happened[0].title if happened else _title(store, ident), severity, reasons or [moved])


def _title(store: Store, ident: str) -> str | None:
    try:
        return store.trial(ident).title
    except (RecordInvalid, TrialUnknown):
        return None
