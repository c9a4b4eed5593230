"""`similar`'s answer: ids as asked → trials as held → the index's ranking, with the links that the store knows."""

from dataclasses import dataclass

import msgspec

from crawler.errors import TrialkinError
from crawler.store import Store
from index.query.tree import Filters
from index.search import Index, SimilarTrial
from index.similar.reasons import Kinship


class SimilarAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Trials like one (`nct_id`, with `asked` where that was another name of it) or like all of several."""

    hits: list[SimilarTrial]
    data_timestamp: str | None
    nct_id: str | None = None
    asked: str | None = None
    nct_ids: list[str] | None = None


@dataclass(eq=False)
class NotIndexed(TrialkinError):
    """A trial that is held but not in the index."""

    nct_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.nct_id} can't be compared: {self.reason}."


@dataclass(frozen=True)
class Neighbours:
    """Answers for one set of filters."""

    index: Index
    store: Store
    filters: Filters
    limit: int
    reasons: bool

    def of(self, nct_ids: list[str], asked: str | None) -> SimilarAnswer:
        """Rank for one or several ids; TrialUnknown or NotIndexed where one can't be ranked for."""
        held = list(dict.fromkeys(self.store.resolve(nct_id) for nct_id in nct_ids))
        for nct_id in held:
            self._check(nct_id)
        hits = self.index.similar(held, self.filters, self.limit, self._kinship(held))
        timestamp = self.index.manifest.data_timestamp
        if len(held) > 1:
            return SimilarAnswer(hits, timestamp, nct_ids=held)
        other_name = asked or nct_ids[0]
        return SimilarAnswer(
            hits, timestamp, nct_id=held[0], asked=None if other_name.upper() == held[0] else other_name
        )

    def _kinship(self, held: list[str]) -> Kinship | None:
        if not self.reasons:
            return None
        return Kinship([link for nct_id in held for link in self.store.links_of(nct_id)])

    def _check(self, nct_id: str) -> None:
        if self.index.columns.row(nct_id) is not None:
            return
        gone, problem = self.store.fate(nct_id)
        if gone is not None:
            raise NotIndexed(nct_id, f"its record has been gone from the registry since {gone}")
        if problem is not None:
            raise NotIndexed(nct_id, f"its record breaks the registry's rules ({problem})")
        raise NotIndexed(nct_id, "the index does not have it yet; run `trialkin index`")
