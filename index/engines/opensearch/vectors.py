"""Similarity's vectors in the cluster: a feature a column, whose linear function adds up to the dot product.

A column is named by its number, which holds as long as an index does: updates only add to the vocabulary.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from crawler.ids import number_of
from index.columns import Columns
from index.engines.opensearch.mapping import VECTOR
from index.engines.opensearch.query import Query, holds, some, visible
from index.engines.opensearch.weights import Features, rounded
from index.query.tree import Node
from index.similar.matrix import Matrix, Row


class VectorFeatures:
    """The vectors of some trials, as they lie in a generation's folder."""

    def __init__(self, folder: Path, nct_ids: Iterable[str]) -> None:
        self._numbers = np.array(sorted(map(number_of, nct_ids)), np.int64)
        self._matrix = Matrix(folder, self._numbers)

    def of(self, nct_id: str) -> Features:
        """Features of one of the trials."""
        row = self._matrix.row(int(np.searchsorted(self._numbers, number_of(nct_id))))
        kept = np.flatnonzero(row.weights)
        weights = rounded(row.weights[kept].astype(np.float32)).tolist()
        found = dict(zip(map(str, row.columns[kept].tolist()), weights, strict=True))
        return {VECTOR: found} if found else {}


def nearest(vector: Row, node: Node, columns: Columns, generation: int) -> Query:
    """Make the body of a search for what is nearest to a vector among the trials for which a tree holds."""
    parts = [
        {"rank_feature": {"field": f"{VECTOR}.{column}", "linear": {}, "boost": weight}}
        for column, weight in zip(vector.columns.tolist(), vector.weights.tolist(), strict=True)
    ]
    asked = [*visible(generation), holds(node, columns)]
    return {
        "query": {"bool": {"filter": asked, "must": [some(parts)]}},
        "sort": [{"_score": "desc"}, {"number": "asc"}],
        "track_total_hits": False,
    }
