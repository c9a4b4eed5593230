"""How much a term says of a document in a search area: the best over the area's fields of weight × BM25.

The whole number is worked out when an index is built (document frequencies and mean lengths hold for a generation),
so that a query only adds up: its words' numbers, summed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints, InvertedFile, runs
from index.schema import AREAS, TEXT_FIELDS, pieces_of

K1, B = 1.2, 0.75  # BM25's usual values


@dataclass(frozen=True)
class AreaPostings:
    """Postings of one area, sorted by term and row: `weight` is the term's whole score in that row."""

    term: Ints
    row: Ints
    weight: Floats


def bm25(inverted: InvertedFile) -> NDArray[np.float64]:
    """BM25 of every entry of the inverted file, each field a collection of its own."""
    fields = len(TEXT_FIELDS)
    key = inverted.term.astype(np.int64) * fields + inverted.field
    frequency = np.bincount(key, minlength=1)[key]  # rows with the term in the field
    inverse = np.log1p((inverted.rows - frequency + 0.5) / (frequency + 0.5))
    filled = np.maximum((inverted.lengths > 0).sum(axis=0), 1)
    mean = np.maximum(inverted.lengths.sum(axis=0) / filled, 1.0)
    length = inverted.lengths[inverted.row, inverted.field]
    norm = K1 * (1 - B + B * length / mean[inverted.field])
    score: NDArray[np.float64] = inverse * inverted.count * (K1 + 1) / (inverted.count + norm)
    return score


def area_postings(inverted: InvertedFile) -> dict[str, AreaPostings]:
    """Scored postings of every search area."""
    score = bm25(inverted)
    return {area: _of_area(inverted, score, area) for area in AREAS}


def _of_area(inverted: InvertedFile, score: NDArray[np.float64], area: str) -> AreaPostings:
    weights = np.zeros(len(TEXT_FIELDS))
    for number, weight in pieces_of(area).items():
        weights[number] = weight
    entries = np.flatnonzero(weights[inverted.field] > 0)
    term, row = inverted.term[entries], inverted.row[entries]
    begins = runs(term, row)
    weighted = score[entries] * weights[inverted.field[entries]]
    best = np.maximum.reduceat(weighted, begins) if begins.size else weighted
    return AreaPostings(term[begins], row[begins], best.astype(np.float32))
