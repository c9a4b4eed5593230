"""Words that nobody asks for, in fields that a trial lacks.

BM25 weighs a field's length by the mean over the trials that have the field. Tantivy's mean is over all trials, those
without the field as length 0: of an acronym, which one trial in five has, the longer half would count for nothing.
So a trial without a field gets a text of mean length there. Measured over 11,814 records and 842 queries: the top ten
agree with the definition's by .998, without padding by .746; files are 2 % larger.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.inverted import Ints
from index.schema import PIECES

_WORD = "_ "  # no term has an underscore


class Padding:
    """Keeps the mean lengths of what was taken so far, and what trials without a field were given."""

    def __init__(self) -> None:
        self._words, self._having, self._lacking, self._given = np.zeros((4, len(PIECES)))

    def add(self, lengths: Ints) -> list[list[tuple[str, str]]]:
        """Take the next trials' lengths (rows × fields, in words); for each the fields to pad and with what text."""
        lacking = lengths == 0
        self._words += lengths.sum(axis=0)
        self._having += (~lacking).sum(axis=0)
        self._lacking += lacking.sum(axis=0)
        owed = self._lacking * self._words / np.maximum(self._having, 1) - self._given
        each = np.maximum(owed, 0) / np.maximum(lacking.sum(axis=0), 1)
        counts = _whole(lacking * each)
        self._given += counts.sum(axis=0)
        return [[(PIECES[at], _text(n)) for at, n in enumerate(row) if n] for row in counts.tolist()]


def _whole(words: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round down to whole words, carrying what is left over to the next row."""
    return np.diff(np.floor(np.cumsum(words, axis=0)), axis=0, prepend=0).astype(np.int64)


@lru_cache(maxsize=1000)
def _text(words: int) -> str:
    return _WORD * words
