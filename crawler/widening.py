"""What a crawled cache takes in when it is refreshed: trials nearer to its seeds than the furthest that it holds."""

from collections.abc import Sequence

import msgspec

from crawler.asking import Asking, Listing
from crawler.crawl import LARGEST_PAGE, Closeness, Plan
from crawler.errors import RecordInvalid, TrialUnknown
from crawler.neighbours import queries
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.store import Store
from crawler.walk import updated_since


def plans(store: Store) -> list[Plan]:
    """The crawls that looked for neighbours, oldest first."""
    found = []
    for (command,) in store.select("SELECT command FROM run ORDER BY number"):
        try:
            plan = msgspec.json.decode(command, type=Plan)
        except msgspec.DecodeError:
            continue  # a refresh
        if plan.depth:
            found.append(plan)
    return found


def neighbours(
    store: Store, asking: Asking, since: str | None, closeness: Closeness
) -> tuple[list[RawRecord], list[str]]:
    """Records to take in, of what was updated since a day, nearest first; and what went wrong with a query."""
    seeds, asked = _seeds(store), []
    narrowed = {} if since is None else updated_since(since)
    for plan in plans(store):
        trials = [normalise(seeds[seed]) for seed in plan.seeds if seed in seeds]
        asked += [
            Listing({**query, **narrowed}, source, LARGEST_PAGE) for query, source in queries(trials, plan.queries)
        ]
    found: dict[str, RawRecord] = {}
    problems: list[str] = []
    for listing in {listing.key: listing for listing in asked}.values():
        while not listing.ended:
            found |= {raw.nct_id: raw for _, raw in asking.next_page(listing)}
            problems += listing.take_problems()
    return _nearer(store, list(seeds.values()), _strangers(store, found), closeness), problems


def _seeds(store: Store) -> dict[str, RawRecord]:
    """Readable records of the seeds of every crawl, by the ids asked for."""
    found = {}
    for seed in dict.fromkeys(seed for plan in plans(store) for seed in plan.seeds):
        try:
            raw = store.raw(store.resolve(seed))
            normalise(raw)
        except (TrialUnknown, RecordInvalid):
            continue
        found[seed] = raw
    return found


def _strangers(store: Store, found: dict[str, RawRecord]) -> list[RawRecord]:
    """Readable records of trials not held."""
    strangers = []
    for nct_id in sorted(found):
        try:
            normalise(found[nct_id])
            store.resolve(nct_id)
        except TrialUnknown:
            strangers.append(found[nct_id])
        except RecordInvalid:
            continue
    return strangers


def _nearer(
    store: Store, seeds: Sequence[RawRecord], strangers: list[RawRecord], closeness: Closeness
) -> list[RawRecord]:
    """Those nearer to the seeds than the furthest held, nearest first; all of them where a crawl had queries alone."""
    if not seeds or not strangers:
        return strangers
    held = list(store.records())
    scores = closeness(seeds, [*held, *strangers])
    furthest = min(scores[: len(held)], default=0.0)
    near = [
        (-score, raw.nct_id, raw) for score, raw in zip(scores[len(held) :], strangers, strict=True) if score > furthest
    ]
    return [raw for _, _, raw in sorted(near, key=lambda item: item[:2])]
