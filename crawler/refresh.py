"""A refresh: what changed at the registry since the last one, and nothing else, within what the cache is for.

A crawled cache has its own trials renewed and takes in near newcomers; a mirror takes in everybody. The mark moves
only when a run has come to its end; one that was broken off goes on where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crawler.asking import Asking
from crawler.crawl import Closeness, Failed
from crawler.errors import AnswerUnsound, BodyTooLarge, CrawlError, RegistryFailed
from crawler.fetching import Fetching, batched
from crawler.mark import doubtful, read_mark, undone, write_mark, write_undone
from crawler.progress import Progress
from crawler.record import RawRecord, keyed
from crawler.registry import Registry
from crawler.store import Store
from crawler.sweep import Sweep, gone, held
from crawler.walk import Walk, WalkState, days_listed, is_of_the_page, updated_since
from crawler.ways import FEW_BATCHES, Standing, Way, batches, fewer
from crawler.widening import neighbours

_WALK = "walk"


@dataclass(frozen=True)
class Wish:
    """What a refresh was asked to do; `whole`: mirror the registry, `trusted`: believe a list that shrank."""

    registry: str
    whole: bool = False
    sweep: bool = False
    trusted: bool = False


@dataclass
class Refreshed:
    """What a refresh did, in numbers of trials. `stopped` says why it was broken off."""

    run: int
    data_timestamp: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)
    calls: int = 0
    stopped: str | None = None


def refresh(
    wish: Wish, store: Store, registry: Registry, closeness: Closeness, advance: Callable[[int], None]
) -> Refreshed:
    """Carry out a refresh; what was fetched is kept whatever happens, and a broken-off run can go on.

    A run that went on after days, or saw the registry's data change, is followed by one for what is newer than it.
    """
    report, behind = _once(wish, store, registry, closeness, advance)
    if behind:
        later, _ = _once(replace(wish, whole=False, sweep=False), store, registry, closeness, advance)
        counts = {kind: report.counts.get(kind, 0) + more for kind, more in later.counts.items()}
        report = replace(later, run=report.run, counts=report.counts | counts)
    return report


def _once(
    wish: Wish, store: Store, registry: Registry, closeness: Closeness, advance: Callable[[int], None]
) -> tuple[Refreshed, bool]:
    """One run; and whether the registry has newer data than it ended with."""
    run = _Run(wish, store, registry, closeness, advance)
    report = Refreshed(run.progress.run)
    claimed = store.meta("registry") is not None
    try:
        run.begin()
        store.claim_registry(wish.registry, "mirrored" if run.whole else "crawled")
        for way in run.ways():
            run.take(way)
        run.settle()
    except AnswerUnsound as error:
        report.stopped = str(error)
        run.tell(report)
        run.progress.finish(None)
        if not (claimed or report.counts):
            store.disclaim_registry()  # most likely the wrong one was named
        return report, False
    except CrawlError as error:
        report.stopped = str(error)
    run.tell(report)
    if report.stopped is None:
        run.end()
    return report, report.stopped is None and run.is_behind


class _Run:
    """One run's stages."""

    def __init__(
        self, wish: Wish, store: Store, registry: Registry, closeness: Closeness, advance: Callable[[int], None]
    ) -> None:
        self._wish = wish
        self._store = store
        self._registry = registry
        self._closeness = closeness
        self._advance = advance
        self._mark = read_mark(store)
        mirrored = store.meta("scope") == "mirrored"
        self.whole = wish.whole or (mirrored and self._mark is None)
        self._mirror = mirrored or self.whole
        self._command = f"refresh{' --all' if self.whole else ''}{' --sweep' if wish.sweep else ''} {wish.registry}"
        self.progress = Progress.open(store, self._command)
        self.data_timestamp = ""
        self._fetching = Fetching(registry, self.progress, "")
        self._doubtful: list[str] = []

    @property
    def is_behind(self) -> bool:
        """Whether the mark stands at older data than the registry has now."""
        mark = read_mark(self._store)
        return mark is not None and mark.data_timestamp != self._fetching.data_timestamp

    # -- stages ----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Ask how new the registry's data is. Batches of an older day say nothing of today: they are asked again."""
        now = self._registry.version().data_timestamp
        begun = self.progress.begun_with(now)
        if begun != now and not self._mirror and not self._wish.sweep:
            self.progress.finish(None)
            self.progress = Progress.open(self._store, self._command)
            begun = self.progress.begun_with(now)
        self.data_timestamp = begun
        self._fetching = Fetching(self._registry, self.progress, now)

    def ways(self) -> list[Way]:
        """Decide what to ask; nothing where nothing is new and nothing was left undone."""
        self._doubtful = doubtful(self._store, self._mark)
        standing = Standing(
            mirrored=self._store.meta("scope") == "mirrored",
            marked=self._mark is not None,
            new_data=self._mark is None or self._mark.data_timestamp != self._fetching.data_timestamp,
            resumed=self.progress.resumed,
            whole=self.whole,
            sweep=self._wish.sweep,
        )
        return standing.ways

    def take(self, way: Way) -> None:
        """Go one way."""
        since = None if self._mark is None else self._mark.posted_since
        match way:
            case Way.MIRROR:
                self._walk(None, None)
            case Way.WALK:
                self._walk(since, None)
            case Way.BATCHES:
                self._renew(since)
            case Way.SWEEP:
                self._sweep(None if self._mirror else held(self._store), () if self._mirror else gone(self._store))
                self._doubtful = []
        if not self._mirror:
            self._widen()

    def settle(self) -> None:
        """Ask for each trial that the mark says nothing of, or that could not be had before."""
        if self._doubtful:
            self._sweep(self._doubtful, ())
        self._fetching.fetch(undone(self._store))

    def end(self) -> None:
        """Move the mark, last of all, and forget how the run came about."""
        failed = [nct_id for nct_id, _ in self.progress.failures()]
        with self._store.transaction():
            if self.whole:
                self._store.set_meta("scope", "mirrored")
            write_undone(self._store, [nct_id for nct_id in failed if nct_id is not None])
            if None not in failed:  # what has no id can't be asked for again by itself
                write_mark(self._store, self.data_timestamp)
        self.progress.finish(self.data_timestamp)

    def tell(self, report: Refreshed) -> None:
        """Fill in the report."""
        report.data_timestamp = self.data_timestamp or self._store.data_timestamp
        report.counts = self.progress.outcomes()
        report.failed = [Failed(nct_id, reason) for nct_id, reason in self.progress.failures()]
        report.calls = self._registry.calls

    # -- steps -----------------------------------------------------------------------------------------------------

    def _renew(self, since: str | None) -> None:
        """Ask for what changed among the ids held, by whichever way takes fewer requests."""
        ours = held(self._store)
        if since is None:
            self._doubtful = ours
            return
        narrowed = updated_since(since)
        if batches(len(ours)) > FEW_BATCHES and self._agreed(len(ours), narrowed) is Way.WALK:
            self._walk(since, frozenset(ours))
            return
        for batch in batched(ours):
            stage = f"ids {batch[0]} {batch[-1]}"
            if not self.progress.is_done(stage):
                records = keyed(self._fetching.together(batch, narrowed))[0]
                mine = [records[nct_id] for nct_id in batch if nct_id in records]
                self.progress.keep_page(mine, self._fetching.data_timestamp, stage)
                self._advance(len(batch))

    def _sweep(self, ours: Sequence[str] | None, lost: Sequence[str]) -> None:
        sweep = Sweep(self._store, self._registry, self.progress, self._fetching, ours=ours, lost=lost)
        sweep.go(self._advance, trusted=self._wish.trusted)

    def _agreed(self, ours: int, narrowed: dict[str, str]) -> Way:
        """Batches or a walk, as it was decided when this run first came here."""
        for way in (Way.WALK, Way.BATCHES):
            if self.progress.is_done(way.name):
                return way
        total = self._registry.page({**narrowed, "fields": "NCTId", "countTotal": "true"}, None, 1).total
        way = Way.BATCHES if total is None else fewer(ours, total)
        self.progress.done(way.name)
        return way

    def _walk(self, since: str | None, ours: frozenset[str] | None) -> None:
        """Keep all that was updated since a day, or of that what is ours."""

        def take(records: list[RawRecord], state: WalkState) -> None:
            self._fetching.data_timestamp = state.data_timestamp
            self.progress.keep_page(records, state.data_timestamp, _WALK, state, ours)
            self._advance(len(records))

        walk = Walk(self._registry, take)
        state = self.progress.state(_WALK, WalkState) or WalkState(since)
        while not state.ended:
            try:
                state = walk.go(state, self._fetching.data_timestamp)
            except (BodyTooLarge, RegistryFailed) as error:
                if not is_of_the_page(error):
                    raise
                state = self._around(self.progress.state(_WALK, WalkState) or WalkState(since), ours)

    def _around(self, state: WalkState, ours: frozenset[str] | None) -> WalkState:
        """A page can't be had: fetch by id what is listed there, as far as the next day, and walk on from that."""
        state = state.anew(self._fetching.data_timestamp)
        listed, ended = days_listed(self._registry, state.since)
        last = max(day for _, day in listed) if listed else ""
        nct_ids = [nct_id for nct_id, day in listed if ended or day < last]
        self._fetching.fetch([nct_id for nct_id in nct_ids if ours is None or nct_id in ours])
        state = WalkState(last or state.since, data_timestamp=state.data_timestamp, ended=ended)
        self.progress.keep_page([], state.data_timestamp, _WALK, state)
        return state

    def _widen(self) -> None:
        """Take in what the registry has got since that is nearer to the seeds than the furthest held."""
        since = None if self._mark is None else self._mark.new_since
        asking = Asking(self._registry, self.progress)
        near, problems = neighbours(self._store, asking, since, self._closeness)
        for reason in problems:
            self.progress.fail(None, reason)
        self.progress.keep_page(near, self.data_timestamp)
