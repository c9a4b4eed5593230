"""Facet counts by tantivy's own aggregation over the columns' numbers, exact wherever an answer tells them."""

from operator import itemgetter
from typing import Any

from tantivy import Query

from index.columns import Columns
from index.engines.base import Question
from index.engines.tantivy.layout import NO_CODE, number_of_code
from index.engines.tantivy.query import Queries
from index.engines.tantivy.searching import Searching
from index.facets import OPEN_FACET_VALUES, FacetCount, told
from index.schema import FACETS

# Values of an open list that are asked for at first. Values that are as frequent as the last one told decide by name
# which of them is told, so all of them are needed: of 301 queries 5 had to be asked again with 100, 34 with 50.
_AT_FIRST = 100

Buckets = list[dict[str, Any]]


class Counting:
    """Counts the facets of one index."""

    def __init__(self, searching: Searching, columns: Columns, queries: Queries) -> None:
        self._searching = searching
        self._columns = columns
        self._queries = queries

    def facets(self, question: Question, whole: Query) -> dict[str, list[FacetCount]]:
        """Count all facets of what a question finds (`whole`); one with a filter of its own without that."""
        counted = self._counted([key for key in FACETS if key not in question.filters], whole)
        for key in question.filters.keys() & FACETS.keys():
            others = (part for name, part in question.filters.items() if name != key)
            counted |= self._counted([key], self._queries.every((question.node, *others)))
        return {key: self._told(key, counted[key]) for key in FACETS}

    def _counted(self, keys: list[str], query: Query) -> dict[str, Buckets]:
        found = self._buckets({key: _AT_FIRST if FACETS[key].closed is None else None for key in keys}, query)
        cut = [key for key, buckets in found.items() if FACETS[key].closed is None and _is_cut(buckets)]
        return found | self._buckets(dict.fromkeys(cut), query)

    def _buckets(self, sizes: dict[str, int | None], query: Query) -> dict[str, Buckets]:
        """Numbers with their counts, most frequent first, so many of each key or all."""
        if not sizes:
            return {}
        asked = {key: {"terms": self._terms(key, size)} for key, size in sizes.items()}
        return {key: found["buckets"] for key, found in self._searching.aggregate(query, asked).items()}

    def _terms(self, key: str, size: int | None) -> dict[str, object]:
        every = len(self._columns.values(key).values) + 1
        asked: dict[str, object] = {"field": key, "size": every if size is None else size}
        if self._searching.segments > 1:
            asked["segment_size"] = every  # what a segment leaves out would be missing in the sum
        return asked

    def _told(self, key: str, buckets: Buckets) -> list[FacetCount]:
        values = self._columns.values(key).values
        without = next((bucket["doc_count"] for bucket in buckets if bucket["key"] == NO_CODE), 0)
        tellable = buckets if FACETS[key].closed is not None else _tellable(buckets)
        counts = {values[code - _FIRST]: count for code, count in map(_BOTH, tellable) if code != NO_CODE}
        return told(key, counts, without)


_FIRST = number_of_code(0)
_BOTH = itemgetter("key", "doc_count")


def _is_cut(buckets: Buckets) -> bool:
    """Whether a value that was not given may be as frequent as the last one told."""
    if len(buckets) < _AT_FIRST:
        return False
    return bool(buckets[-1]["doc_count"] == buckets[OPEN_FACET_VALUES]["doc_count"])


def _tellable(buckets: Buckets) -> Buckets:
    """Those of the buckets, most frequent first, that are told, with all that are as frequent as the last one."""
    end = OPEN_FACET_VALUES
    if len(buckets) <= end:
        return buckets
    least = buckets[end]["doc_count"]  # of the last one told or of the next: one may be of the trials without a value
    while end < len(buckets) and buckets[end]["doc_count"] == least:
        end += 1
    return buckets[:end]
