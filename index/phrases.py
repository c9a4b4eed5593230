"""What a search for a name would find, asked of a collection while its index is built: what synonyms are learned by.

Only the fields of the condition and the intervention areas are kept, in files that are mapped, so that a collection of
any size can be asked.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.inverted import Ints, InvertedFile, ordered, ranges
from index.mapped import append
from index.postings import AREA_FIELDS, POSITION_BITS, phrase_rows
from index.schema import CONDITION, INTERVENTION

_FIELDS = AREA_FIELDS[CONDITION] | AREA_FIELDS[INTERVENTION]
MOST_KEPT = 50_000_000  # places of terms kept in memory, for names share their words: 400 MB


@dataclass(frozen=True)
class _Kept:
    """Places of a batch, sorted by term: those of term `t` are `places[begins[t]:begins[t + 1]]`."""

    begins: NDArray[np.uint64]
    places: NDArray[np.uint64]


class Phrases:
    """Rows by phrase, over batches whose rows follow each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = 0
        self._numbers: dict[str, int] = {}
        self._batches: list[_Kept] = []
        self._places: dict[int, NDArray[np.uint64]] = {}
        self._places_kept = 0
        self._found: dict[tuple[str, tuple[str, ...]], Ints] = {}

    def add(self, inverted: InvertedFile) -> None:
        """Keep what is asked of a batch."""
        entries = np.flatnonzero(_FIELDS[inverted.field])
        used = np.unique(inverted.term[entries])
        number = np.zeros(len(inverted.terms), np.int64)
        number[used] = [self._numbers.setdefault(inverted.terms[at], len(self._numbers)) for at in used.tolist()]
        term = number[inverted.term[entries]]
        order = ordered(term)
        entries, term = entries[order], term[order]
        count = inverted.count[entries]
        field = inverted.field[entries].astype(np.uint64) << np.uint64(POSITION_BITS)
        row = (inverted.row[entries].astype(np.uint64) + np.uint64(self._rows)) << np.uint64(32)
        at = ranges(inverted.start[entries], count)
        places = np.repeat(row | field, count) | inverted.positions[at].astype(np.uint64)
        ends = np.cumsum(np.bincount(term, weights=count, minlength=len(self._numbers))).astype(np.uint64)
        path = self._folder / f"{len(self._batches):06d}"
        self._folder.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for array in (np.zeros(1, np.uint64), ends, places):
                append(array, file)
        kept = np.memmap(path, np.uint64, mode="r")
        self._batches.append(_Kept(kept[: ends.size + 1], kept[ends.size + 1 :]))
        self._rows += inverted.rows

    def rows(self, area: str, terms: tuple[str, ...]) -> Ints:
        """Rows, ascending, where terms stand side by side, in order, in one field of the area."""
        found = self._found.get((area, terms))
        if found is None:
            found = self._found[area, terms] = phrase_rows(self._of, area, terms)
        return found

    def _of(self, term: str) -> NDArray[np.uint64]:
        """Places of a term: row, field and position in one number."""
        number = self._numbers.get(term)
        if number is None:
            return np.zeros(0, np.uint64)
        places = self._places.get(number)
        if places is None:
            if self._places_kept > MOST_KEPT:
                self._places.clear()
                self._places_kept = 0
            places = self._places[number] = self._read(number)
            self._places_kept += places.size
        return places

    def _read(self, number: int) -> NDArray[np.uint64]:
        batches = (batch for batch in self._batches if number + 1 < batch.begins.size)
        pieces = (batch.places[slice(*batch.begins[number : number + 2].tolist())] for batch in batches)
        return np.concatenate([np.zeros(0, np.uint64), *pieces])
