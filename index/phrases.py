"""Phrases found in an inverted file while it is still in memory, as an engine would find them later."""

import numpy as np
from numpy.typing import NDArray

from index.engines.base import AREA_FIELDS, POSITION_BITS, phrase_rows
from index.inverted import Ints, InvertedFile


class Phrases:
    """Rows by phrase; what is read of a term is kept, for names share their words."""

    def __init__(self, inverted: InvertedFile) -> None:
        self._inverted = inverted
        self._number = {term: number for number, term in enumerate(inverted.terms)}
        self._begins = np.searchsorted(inverted.term, np.arange(len(inverted.terms) + 1))
        self._places: dict[tuple[str, str], NDArray[np.uint64]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], Ints] = {}

    def rows(self, area: str, terms: tuple[str, ...]) -> Ints:
        """Rows, ascending, where terms stand side by side, in order, in one field of the area."""
        found = self._found.get((area, terms))
        if found is None:
            found = self._found[area, terms] = phrase_rows(lambda term: self._of(area, term), area, terms)
        return found

    def _of(self, area: str, term: str) -> NDArray[np.uint64]:
        """Places of a term in an area: row, field and position in one number."""
        places = self._places.get((area, term))
        if places is None:
            places = self._places[area, term] = self._read(area, term)
        return places

    def _read(self, area: str, term: str) -> NDArray[np.uint64]:
        number = self._number.get(term)
        if number is None:
            return np.zeros(0, np.uint64)
        inverted = self._inverted
        entries = np.arange(self._begins[number], self._begins[number + 1])
        entries = entries[AREA_FIELDS[area][inverted.field[entries]]]
        pieces = [inverted.positions[inverted.start[at] : inverted.start[at + 1]] for at in entries.tolist()]
        field = inverted.field[entries].astype(np.uint64) << np.uint64(POSITION_BITS)
        begins = (inverted.row[entries].astype(np.uint64) << np.uint64(32)) | field
        positions = np.concatenate(pieces).astype(np.uint64) if pieces else np.zeros(0, np.uint64)
        return np.repeat(begins, inverted.count[entries]) | positions
