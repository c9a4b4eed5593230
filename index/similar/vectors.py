"""An inverted file → one sparse vector a trial: for each field group sublinear TF-IDF, length-normalised.

The groups' vectors are stacked, each scaled by the root of its weight, so that the dot product of two trials is the
weighted sum of their groups' cosines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints, InvertedFile, runs
from index.similar.function_words import FUNCTION_TERMS
from index.similar.groups import GROUPS


@dataclass(frozen=True)
class Vectors:
    """Non-zeros sorted by column, then row. A column is a term in a group.

    `begins[c]:begins[c + 1]` are column c's non-zeros; `column_group` and `column_term` say what a column is.
    """

    rows: int
    begins: NDArray[np.int64]
    row: Ints
    weight: Floats
    column_group: NDArray[np.uint8]
    column_term: Ints


def vectors(inverted: InvertedFile) -> Vectors:
    """Make the vectors of all rows."""
    said = np.array([term not in FUNCTION_TERMS for term in inverted.terms], np.bool_)
    term, row, weight, group = [], [], [], []
    for number, part in enumerate(GROUPS):
        in_group = np.flatnonzero(part.table[inverted.field] & said[inverted.term])
        group_term, group_row, unit = _group_vectors(inverted, in_group)
        term.append(group_term)
        row.append(group_row)
        weight.append((unit * np.sqrt(part.weight)).astype(np.float32))
        group.append(np.full(group_term.size, number, np.uint8))
    all_terms, groups = np.concatenate(term), np.concatenate(group)
    first = np.ones(all_terms.size, np.bool_)
    first[1:] = (all_terms[1:] != all_terms[:-1]) | (groups[1:] != groups[:-1])
    begins = np.flatnonzero(first)
    return Vectors(
        rows=inverted.rows,
        begins=np.append(begins, all_terms.size).astype(np.int64),
        row=np.concatenate(row),
        weight=np.concatenate(weight),
        column_group=groups[begins],
        column_term=all_terms[begins],
    )


def _group_vectors(inverted: InvertedFile, entries: NDArray[np.int64]) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Terms, rows and weights of one group, each row's weights of length 1."""
    term, row = inverted.term[entries], inverted.row[entries]
    begins = runs(term, row)
    count = np.add.reduceat(inverted.count[entries], begins) if begins.size else inverted.count[entries]
    term, row = term[begins], row[begins]
    frequency = np.bincount(term, minlength=1)[term]
    weight = (1 + np.log(count)) * np.log((1 + inverted.rows) / (0.5 + frequency))
    length = np.sqrt(np.bincount(row, weights=weight**2, minlength=inverted.rows))[row]
    unit: NDArray[np.float64] = np.divide(weight, length, out=np.zeros_like(weight), where=length > 0)
    return term, row, unit
