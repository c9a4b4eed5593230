"""A crawl from seeds to their relatives: fetch the seeds, then what they lead to, best first.

The run reads as its stages. Deciding is the frontier's, fetching goes through `Asking`, which remembers every answer,
so that the same seeds, flags and registry data give the same trials, whatever breaks off on the way.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from crawler import links
from crawler.asking import NOT_THERE, Asking, Listing
from crawler.errors import CrawlError, RecordInvalid
from crawler.frontier import Because, Frontier
from crawler.ledger import Ledger
from crawler.neighbours import queries
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.registry import Registry
from crawler.store import Store
from crawler.trial import Trial

Closeness = Callable[[Sequence[RawRecord], Sequence[RawRecord]], list[float]]

LEAST_PAGE, LARGEST_PAGE = 100, 200  # a whole page of the registry's is 18 MB; 200 records are 3.6


class Plan(msgspec.Struct, frozen=True):
    """What a crawl was asked to do; the same plan goes on with the same unfinished run.

    `listed` are (address, NCT id, heading) as web pages list them.
    """

    registry: str
    seeds: tuple[str, ...]
    listed: tuple[tuple[str, str, str], ...]
    queries: tuple[str, ...]
    depth: int
    limit: int

    @property
    def command(self) -> str:
        """The plan as text, the same for the same plan."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True)
class Failed:
    """Something that was not fetched and why; `nct_id` is None for a query."""

    nct_id: str | None
    reason: str


@dataclass(frozen=True)
class Reached:
    """A trial kept, how far from a seed, and every link that led there, best first."""

    nct_id: str
    depth: int
    because: list[Because]


@dataclass
class Report:
    """What a crawl did. `stopped` says why it was broken off.

    `partly_failed`: a seed or a query brought nothing, or something could not be fetched that the registry has. That
    it has no record of an id that some record mentions is no failure.
    """

    run: int
    data_timestamp: str | None = None
    fetched: int = 0
    unchanged: int = 0
    failed: list[Failed] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    reached: list[Reached] = field(default_factory=list)
    calls: int = 0
    stopped: str | None = None
    partly_failed: bool = False


def crawl(plan: Plan, store: Store, registry: Registry, closeness: Closeness, advance: Callable[[int], None]) -> Report:
    """Carry out a plan; what was fetched is kept whatever happens, and a broken-off run can go on."""
    ledger = Ledger.open(store, plan.command)
    run = _Run(plan, Asking(registry, ledger), ledger, closeness, advance)
    report = Report(ledger.run)
    try:
        run.begin()
        store.claim_registry(plan.registry, "crawled")  # now that there is one
        run.pages()
        run.seeds()
        run.search()
        run.walk()
    except CrawlError as error:
        report.stopped = str(error)
    run.flush()
    run.tell(report, registry)
    if report.stopped is None:
        ledger.finish(run.data_timestamp)
    return report


class _Run:
    """One run's state: the frontier, the records at hand, what was kept."""

    def __init__(
        self, plan: Plan, asking: Asking, ledger: Ledger, closeness: Closeness, advance: Callable[[int], None]
    ) -> None:
        self._plan = plan
        self._asking = asking
        self._ledger = ledger
        self._closeness = closeness
        self._advance = advance
        self._frontier = Frontier(plan.limit, plan.depth)
        self._listings: list[Listing] = []
        self._seeds: list[RawRecord] = []
        self._pool: dict[str, RawRecord] = {}
        self._places: dict[str, int] = {}  # the best among the hits of any query
        self._sharers: dict[links.SharedKey, set[str]] = defaultdict(set)
        self._unsaved: list[tuple[str, int]] = []
        self._failed: dict[str | None, list[Failed]] = defaultdict(list)
        self.data_timestamp: str | None = None

    # -- stages ----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Ask the registry how new its data is; a run that goes on has records from when it began."""
        self.data_timestamp = self._ledger.begun_with(self._asking.data_timestamp())

    def pages(self) -> None:
        """Offer what web pages list."""
        for address, nct_id, heading in self._plan.listed:
            where = f"listed under {heading!r}" if heading else "listed"
            self._frontier.offer(nct_id, 1, Because("page", address, where))

    def seeds(self) -> None:
        """Fetch and keep the seeds, then what they and the pages name."""
        for seed in self._plan.seeds:
            self._frontier.offer(seed, 0, Because("seed", None, f"asked for as {seed}"))
        self._drain()
        kept = (self._ledger.record(nct_id) for nct_id, depth in self._frontier.kept.items() if depth == 0)
        self._seeds = [raw for raw in kept if raw is not None and self._read(raw) is not None]

    def search(self) -> None:
        """Let the registry look for neighbours of the seeds, and for the queries asked."""
        if self._plan.depth < 1:
            return
        size = min(LARGEST_PAGE, max(LEAST_PAGE, self._plan.limit))
        trials = [trial for trial in map(self._read, self._seeds) if trial is not None]
        self._listings = [Listing(query, source, size) for query, source in queries(trials, self._plan.queries)]
        self._next_pages()

    def walk(self) -> None:
        """Keep the best until the limit; ask for further pages only when nothing nearer waits."""
        self._drain()
        while not self._frontier.full and any(not listing.ended for listing in self._listings):
            self._next_pages()
            self._drain()

    # -- steps -----------------------------------------------------------------------------------------------------

    def _next_pages(self) -> None:
        """Take the next page of every listing, then score all that was found against the seeds."""
        for listing in self._listings:
            for place, raw in self._asking.next_page(listing):
                because = Because("neighbour", listing.source, f"{listing.told}, place {place}")
                if raw.nct_id != listing.source:
                    self._frontier.offer(raw.nct_id, 1, because)
                self._places[raw.nct_id] = min(place, self._places.get(raw.nct_id, place))
                self._take(raw)
            for reason in listing.take_problems():
                self._failed[None].append(Failed(None, reason))
        waiting = [
            raw
            for nct_id, raw in self._pool.items()
            if nct_id not in self._frontier.kept and self._read(raw) is not None
        ]
        # Without a seed to be close to, the registry's own order says what is best.
        by_place = [1 / self._places.get(raw.nct_id, LARGEST_PAGE) for raw in waiting]
        scores = self._closeness(self._seeds, waiting) if self._seeds else by_place
        for raw, score in zip(waiting, scores, strict=True):
            self._frontier.score(raw.nct_id, score)

    def _drain(self) -> None:
        """Keep candidates, best first, until none waits or the limit is reached."""
        while (candidate := self._frontier.pop()) is not None:
            raw = self._pool.get(candidate.nct_id) or self._fetch(candidate.nct_id)
            if raw is None:
                self._frontier.drop(candidate.nct_id)
            elif raw.nct_id != candidate.nct_id:
                self._redirect(candidate.nct_id, raw.nct_id, candidate.depth)
            else:
                self._keep(raw, candidate.depth)

    def _fetch(self, nct_id: str) -> RawRecord | None:
        """Fetch an id together with whatever else waits by name."""
        answer = self._asking.study([nct_id, *self._frontier.waiting_named()], skip=self._pool)
        if isinstance(answer, str):
            self._failed[nct_id] = [Failed(nct_id, answer)]
            return None
        return answer

    def _redirect(self, alias: str, nct_id: str, depth: int) -> None:
        """An id turned out to be another trial's: its links lead there."""
        self._frontier.drop(alias)
        for because in self._frontier.because(alias):
            if because.source != nct_id:
                self._frontier.offer(nct_id, depth, because)
        self._frontier.offer(nct_id, depth, Because("alias", nct_id, f"{alias} is an obsolete id of it"))

    def _keep(self, raw: RawRecord, depth: int) -> None:
        self._frontier.keep(raw.nct_id, depth)
        self._unsaved.append((raw.nct_id, depth))
        self._advance(1)
        self._take(raw)
        trial = self._read(raw)
        if trial is None:
            return
        for link in links.named(trial):
            if link.kind == "alias":
                continue  # its own obsolete id leads back to it
            self._frontier.offer(link.target, depth + 1, Because(link.kind, raw.nct_id, link.evidence))
        for key in links.shared_keys(trial):
            for other in self._sharers[key] - {raw.nct_id}:
                self._frontier.offer(other, depth + 1, Because(key.kind, raw.nct_id, key.evidence))

    def _take(self, raw: RawRecord) -> None:
        """Have a record at hand, and offer it as a sister of the kept trials that share a number with it."""
        nct_id = raw.nct_id
        if nct_id in self._pool:
            return
        self._pool[nct_id] = raw
        trial = self._read(raw)
        for key in () if trial is None else links.shared_keys(trial):
            for other in self._sharers[key] & self._frontier.kept.keys():
                depth = self._frontier.kept[other] + 1
                self._frontier.offer(nct_id, depth, Because(key.kind, other, key.evidence))
            self._sharers[key].add(nct_id)

    def _read(self, raw: RawRecord) -> Trial | None:
        try:
            return normalise(raw)
        except RecordInvalid:
            return None

    def flush(self) -> None:
        """Put what was kept into the store."""
        self._ledger.keep(self._unsaved, self.data_timestamp)
        self._unsaved.clear()

    def tell(self, report: Report, registry: Registry) -> None:
        """Fill in the report."""
        outcomes = self._ledger.outcomes()
        report.data_timestamp = self.data_timestamp
        report.unchanged = outcomes.get("unchanged", 0)
        report.fetched = sum(outcomes.values()) - report.unchanged
        report.failed = [failed for group in self._failed.values() for failed in group]
        report.left = self._frontier.left
        report.reached = [
            Reached(nct_id, depth, self._frontier.because(nct_id)) for nct_id, depth in self._frontier.kept.items()
        ]
        report.calls = registry.calls
        asked = {*self._plan.seeds, None}
        report.partly_failed = any(f.nct_id in asked or f.reason != NOT_THERE for f in report.failed)
