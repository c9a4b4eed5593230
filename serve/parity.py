"""Does our search find what the registry's finds? Query by query, over the trials that both have."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from crawler.errors import CrawlError, TrialkinError
from crawler.record import RawRecord
from crawler.registry import LARGEST_PAGE, Registry
from crawler.store import Store
from index import analysis
from index.query.parse import parse
from index.query.tree import Words, positive_words
from index.search import Index, SearchRequest

SHOWN_DIFFERENCES = 20  # ids told of each side, with reasons; the counts are whole


class Difference(msgspec.Struct, frozen=True):
    """A trial that one side finds and the other does not, and the likely reason."""

    nct_id: str
    reason: str


class Parity(msgspec.Struct, frozen=True, omit_defaults=True):
    """One query's answers side by side.

    `registry_total` is the registry's own count, `registry` and `ours` count only trials that are held here.
    """

    query: str
    registry_total: int
    registry: int
    ours: int
    same: bool
    only_registry: list[Difference] = []
    only_ours: list[Difference] = []


class Uncompared(msgspec.Struct, frozen=True):
    """A query that one side can't read."""

    query: str
    error: str


@dataclass(frozen=True)
class Comparison:
    """Compares searches of an index with those of a registry."""

    index: Index
    store: Store
    registry: Registry

    def of(self, query: str) -> Parity | Uncompared:
        """Compare one query, if both sides can read it."""
        try:
            node = parse(query)
            ours = set(self.index.matching(SearchRequest(node=node, limit=self.index.columns.size))[1])
            theirs = dict(self._registry_hits(query))
        except CrawlError as error:
            if getattr(error, "status", None) != 400:  # noqa: PLR2004 - the registry can't read it; the run goes on
                raise
            return Uncompared(query, str(error))
        except TrialkinError as error:
            return Uncompared(query, str(error))
        held = {nct_id: date for nct_id, date in theirs.items() if self.index.columns.row(nct_id) is not None}
        terms = positive_words(node)
        missed = sorted(held.keys() - ours)
        extra = sorted(ours - held.keys())
        return Parity(
            query,
            registry_total=len(theirs),
            registry=len(held),
            ours=len(ours),
            only_registry=[Difference(i, self._why_missed(i, held[i], terms)) for i in missed[:SHOWN_DIFFERENCES]],
            only_ours=[Difference(i, self._why_extra(i, terms)) for i in extra[:SHOWN_DIFFERENCES]],
            same=not missed and not extra,
        )

    def _registry_hits(self, query: str) -> Iterator[tuple[str, str | None]]:
        """Every id that the registry finds, with its update date."""
        asked = {"query.term": query, "fields": "NCTId,LastUpdatePostDate"}
        token: str | None = None
        while True:
            page = self.registry.page(asked, token, LARGEST_PAGE)
            for raw in page.records:
                yield raw.nct_id, raw.last_update_posted
            token = page.token
            if token is None:
                return

    def _why_missed(self, nct_id: str, updated: str | None, words: list[Words]) -> str:
        raw = self.store.raw(nct_id)
        if updated is not None and updated != raw.last_update_posted:
            return f"the record was updated on {updated} and is held as of {raw.last_update_posted}"
        lacking = [word for word in words if not _stands_in(word, raw)]
        if lacking:
            return f"a synonym of the registry's: {' '.join(lacking[0].terms)} stands nowhere in the record"
        return "its words stand in a field that is not searched here"

    def _why_extra(self, nct_id: str, words: list[Words]) -> str:
        raw = self.store.raw(nct_id)
        folded = set(analysis.words(raw.body.decode("utf-8", "replace")))
        inflected = [term for word in words for term in word.terms if term not in folded]
        if inflected:
            return f"another form of {inflected[0]}: words are stemmed here"
        return "its words stand in a field that the registry does not search, or its record changed since"


def _stands_in(words: Words, raw: RawRecord) -> bool:
    """Tell whether a phrase stands somewhere in a record's text, field or not."""
    return analysis.side_by_side(words.terms, tuple(analysis.terms(raw.body.decode("utf-8", "replace"))))
