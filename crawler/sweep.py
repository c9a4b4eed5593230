"""A sweep: every id that the registry lists against every trial held, without which a mirror rots.

What differs is fetched; what is missing is asked for by itself. Nothing is concluded from a list that can't be whole.
"""

from collections.abc import Callable, Sequence

from crawler.errors import AnswerUnsound
from crawler.fetching import Fetching, batched
from crawler.progress import Progress
from crawler.record import RawRecord, keyed
from crawler.registry import Registry
from crawler.store import LIVING, Store
from crawler.walk import FIELDS, Walk, WalkState

FLOOR_TRIALS = 1000  # from so many held on, a list that lacks more than a hundredth of them is not believed
LACKING_SHARE = 0.01
_LIST, _BELIEVED = "list", "list believed"


class Sweep:
    """One sweep of a cache: of everything there is, or of `ours`; `lost` are ids that may have come back."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        progress: Progress,
        fetching: Fetching,
        *,
        ours: Sequence[str] | None,
        lost: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._registry = registry
        self._progress = progress
        self._fetching = fetching
        self._ours = ours
        self._lost = lost

    def go(self, advance: Callable[[int], None], *, trusted: bool) -> None:
        """List, fetch what differs, ask for what is missing; AnswerUnsound where the list can't be whole."""
        if self._ours is None:
            self._list_all(trusted=trusted)
        else:
            self._list(self._ours)
            self._list(self._lost)  # by themselves, for a batch with an unknown id may be refused
        self._believe(trusted=trusted)
        for batch in batched(self._progress.differing(strangers=self._ours is None)):
            self._fetching.fetch(batch)
            advance(len(batch))
        for ident in self._missing():
            self._fetching.alone(ident)
            advance(1)

    def _list_all(self, *, trusted: bool) -> None:
        def take(records: list[RawRecord], state: WalkState) -> None:
            self._progress.list_page(keyed(records)[0].values(), _LIST, state)

        state = self._progress.state(_LIST, WalkState) or WalkState()
        walk = Walk(self._registry, take, listing=True, trusted=trusted)
        walk.go(state, self._fetching.data_timestamp)

    def _list(self, nct_ids: Sequence[str]) -> None:
        for batch in batched(nct_ids):
            stage = f"{_LIST} {batch[0]} {batch[-1]}"
            if not self._progress.is_done(stage):
                records = self._fetching.together(batch, {"fields": FIELDS})
                self._progress.list_page(keyed(records)[0].values(), stage)

    def _believe(self, *, trusted: bool) -> None:
        """Refuse a list that lacks too many of the trials held."""
        if self._progress.is_done(_BELIEVED):
            return
        asked = self._store.counts()["trials"] if self._ours is None else len(self._ours)
        lacking = len(self._missing())
        if not trusted and asked >= FLOOR_TRIALS and lacking > LACKING_SHARE * asked:
            reason = f"the registry's list lacks {lacking:,} of the {asked:,} trials held"
            raise AnswerUnsound(reason, "if they are meant to be gone, run `trialkin refresh --sweep --trust`")
        self._progress.done(_BELIEVED)

    def _missing(self) -> list[str]:
        """Trials that the list should have and does not."""
        missing = self._progress.missing()
        ours = None if self._ours is None else frozenset(self._ours)
        return missing if ours is None else [ident for ident in missing if ident in ours]


def gone(store: Store) -> list[str]:
    """Ids of the trials that are gone, in order."""
    return [ident for (ident,) in store.select("SELECT nct_id FROM trial WHERE gone NOT NULL ORDER BY 1")]


def held(store: Store) -> list[str]:
    """Ids of the living trials, in order."""
    rows = store.select(f"SELECT t.nct_id FROM trial t WHERE {LIVING} ORDER BY 1")  # noqa: S608 - our own words
    return [ident for (ident,) in rows]
