"""Where words stand, row by row: for questions whose other part is read in the records here."""

from collections.abc import Iterator
from typing import Any as Json

import numpy as np
from numpy.typing import NDArray

from index.columns import Columns
from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.query import Query, score, side_by_side, some, visible
from index.engines.opensearch.target import Target
from index.errors import ClusterForeign
from index.inverted import Floats, Ints
from index.postings import NOTHING, Held, Posting, summed
from index.query.tree import Node, Words, plain
from index.schema import PIECES, numbers_of

_NO_MORE = ("hits.hits.sort", "hits.hits._score", "hits.hits.matched_queries", "_shards.failed", "timed_out")


class ClusterWords:
    """Words of one question: a `WordSource`. What a generation sees stays as it is, so pages of hits fit together."""

    def __init__(self, cluster: Cluster, target: Target, columns: Columns) -> None:
        self._cluster = cluster
        self._target = target
        self._columns = columns
        self._postings: dict[Words, Posting] = {}

    def rows(self, words: Words) -> Ints:
        """Rows where words stand in any form."""
        return self._posting(words).rows

    def fields(self, words: Words) -> list[tuple[int, Ints]]:
        """Number and rows of each field that holds words."""
        parts = [_named(side_by_side(PIECES[number], words), str(number)) for number in numbers_of(words.area)]
        hits = list(self._hits(some(parts)))
        rows = self._rows_of(hits)
        found: dict[int, list[int]] = {}
        for row, hit in zip(rows.tolist(), hits, strict=True):
            for number in hit["matched_queries"]:
                found.setdefault(int(number), []).append(row)
        return [(number, np.array(held, np.int32)) for number, held in sorted(found.items())]

    def scores(self, node: Node, held: Held) -> Floats:
        """Score of every row, as the cluster itself would have scored it."""

        def add(total: Floats, words: Words) -> None:
            posting = self._posting(plain(words))
            kept: NDArray[np.bool_] | slice = held(words)[posting.rows] if words.strict else slice(None)
            total[posting.rows[kept]] += posting.weights[kept]

        return summed(node, self._columns.size, add)

    def _posting(self, words: Words) -> Posting:
        posting = self._postings.get(words)
        if posting is None:
            hits = list(self._hits(score(words)))
            weights = np.array([hit["_score"] for hit in hits], np.float32)
            posting = self._postings[words] = Posting(self._rows_of(hits), weights) if hits else NOTHING
        return posting

    def _rows_of(self, hits: list[Json]) -> Ints:
        """Rows of hits, ascending as they are; ClusterForeign where one is no row here."""
        rows = self._columns.rows([hit["sort"][0] for hit in hits])
        if rows is None:
            raise ClusterForeign(self._target.index, "holds other trials than the index here")
        return rows

    def _hits(self, query: Query) -> Iterator[Json]:
        """All hits of a query in order of their numbers."""
        body: Query = {
            "query": {"bool": {"filter": visible(self._target.generation), "must": [query]}},
            "sort": [{"number": "asc"}],
            "track_scores": True,
            "track_total_hits": False,
            "stored_fields": "_none_",
        }
        return self._cluster.hits(self._target.index, body, filter_path=",".join(_NO_MORE))


def _named(query: Query, name: str) -> Query:
    """Have each hit tell whether this part found it."""
    return {"bool": {"filter": [query], "_name": name}}
