"""Words over postings: which rows hold them, with what score; phrases by their positions.

For engines whose postings can be read one by one. An index has parts, each with rows of its own: the first holds what
the last rebuild held, each later one what an update brought; a row of a part is a row of the columns, or nobody's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints
from index.query.tree import Any, Node, Words, plain, scored
from index.schema import AREAS, BASIC, NUMBER_OF_PIECE, PIECES, numbers_of

POSITION_BITS = 25  # a field's position below, the field's number above: 57 fields fit, and 33 million words a field

PositionsOf: TypeAlias = Callable[[str], NDArray[np.uint64]]  # a term's positions, as `PostingFile.positions` has them
Held: TypeAlias = Callable[[Words], NDArray[np.bool_]]  # rows known to hold words that postings alone can't tell


@dataclass(frozen=True)
class Posting:
    """Rows (ascending) that hold a term in an area, and the term's whole score in each."""

    rows: Ints
    weights: Floats


NOTHING = Posting(np.zeros(0, np.int32), np.zeros(0, np.float32))


class PostingFile(Protocol):
    """Postings of one part, by the part's own rows."""

    def posting(self, area: str, term: str) -> Posting:
        """Rows and scores of a term in an area; empty where it stands nowhere."""

    def positions(self, term: str) -> NDArray[np.uint64]:
        """Everywhere a term stands: `row << 32 | field number << POSITION_BITS | position`, ascending."""


def _area_fields() -> dict[str, NDArray[np.bool_]]:
    """For each area and each single field, which field numbers belong to it."""
    tables = {}
    for place in (*AREAS, *PIECES):
        tables[place] = np.zeros(1 << (32 - POSITION_BITS), np.bool_)
        tables[place][list(numbers_of(place))] = True
    return tables


AREA_FIELDS = _area_fields()


def field_of(places: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Field numbers of positions."""
    fields: NDArray[np.uint64] = (places & np.uint64(0xFFFFFFFF)) >> np.uint64(POSITION_BITS)
    return fields


def row_of(places: NDArray[np.uint64]) -> Ints:
    """Rows of positions, each once, ascending."""
    return np.unique(places >> np.uint64(32)).astype(np.int32)


def phrase_rows(positions: PositionsOf, area: str, terms: tuple[str, ...]) -> Ints:
    """Rows where the terms stand side by side, in order, in one field of the area."""
    return row_of(phrase_places(positions, area, terms))


def phrase_places(positions: PositionsOf, area: str, terms: tuple[str, ...]) -> NDArray[np.uint64]:
    """Positions where a phrase begins.

    A field's positions leave one out between two values, and the next field's begin elsewhere, so that neighbours in
    number are neighbours in text.
    """
    places = positions(terms[0])
    places = places[AREA_FIELDS[area][field_of(places)]]
    for offset, term in enumerate(terms[1:], 1):
        if not places.size:
            break
        other = positions(term)
        if not other.size:
            return other
        next_to = places + np.uint64(offset)
        at = np.minimum(np.searchsorted(other, next_to), other.size - 1)
        places = places[other[at] == next_to]
    return places


class Part:
    """One part's words, by the part's own rows; postings are read once a question."""

    def __init__(self, file: PostingFile, known: Mapping[Words, Ints]) -> None:
        self._file = file
        self._postings: dict[tuple[str, str], Posting] = {}
        self._positions: dict[str, NDArray[np.uint64]] = {}
        self._rows: dict[Words, Ints] = dict(known)

    def rows(self, words: Words) -> Ints:
        """Rows that hold words."""
        rows = self._rows.get(words)
        if rows is None:
            if len(words.terms) == 1:
                rows = self.posting(words.area, words.terms[0]).rows
            else:
                rows = phrase_rows(self._term_places, words.area, words.terms)
            self._rows[words] = rows
        return rows

    def places(self, words: Words) -> NDArray[np.uint64]:
        """Positions where words begin."""
        return phrase_places(self._term_places, words.area, words.terms)

    def posting(self, area: str, term: str) -> Posting:
        """Postings of a term in an area or a single field."""
        posting = self._postings.get((area, term))
        if posting is None:
            posting = self._piece(area, term) if area in NUMBER_OF_PIECE else self._file.posting(area, term)
            self._postings[area, term] = posting
        return posting

    def _term_places(self, term: str) -> NDArray[np.uint64]:
        """Positions of a term, read once a question: of many phrases the same words are the common ones."""
        places = self._positions.get(term)
        if places is None:
            places = self._positions[term] = self._file.positions(term)
        return places

    def _piece(self, piece: str, term: str) -> Posting:
        """Postings of one field, which has none of its own: those of Basic whose positions lie in that field."""
        basic = self.posting(BASIC, term)
        places = self._term_places(term)
        kept = row_of(places[field_of(places) == NUMBER_OF_PIECE[piece]])
        return Posting(kept, basic.weights[np.searchsorted(basic.rows, kept)])

    def add_scores(self, total: Floats, words: Words, rows: Ints) -> None:
        """Add the words' scores on some of the rows where they stand."""
        for term in words.terms:
            posting = self.posting(words.area, term)
            if rows.size == posting.rows.size:
                total[rows] += posting.weights
            else:
                total[rows] += posting.weights[np.searchsorted(posting.rows, rows)]


def summed(node: Node, size: int, add: Callable[[Floats, Words], None]) -> Floats:
    """Scores that a tree gives to so many rows: of its words the sum, of an Either the best of its ways.

    `add` adds the scores of some words to a total, where they stand.
    """
    total = np.zeros(size, np.float32)
    for asked in scored(node):
        if isinstance(asked, Any):
            total += np.maximum.reduce([summed(way, size, add) for way in asked.parts])
        else:
            add(total, asked)
    return total


class Postings:
    """Words of all parts, by rows of the columns: a `WordSource` that knows scores too.

    `row_maps` has for each part the row of the columns that each of its own rows is, -1 where it is nobody's any more;
    None where they are the same.
    """

    def __init__(self, parts: Sequence[Part], row_maps: Sequence[Ints | None], size: int) -> None:
        self._parts = list(zip(parts, row_maps, strict=True))
        self._size = size

    def rows(self, words: Words) -> Ints:
        """Rows of the columns that hold words, ascending."""
        return _joined(_mapped(part.rows(words), row_map) for part, row_map in self._parts)

    def fields(self, words: Words) -> list[tuple[int, Ints]]:
        """Number and rows of each field that holds words."""
        found: dict[int, list[Ints]] = {}
        for part, row_map in self._parts:
            places = part.places(words)
            numbers = field_of(places)
            for number in np.unique(numbers).tolist():
                found.setdefault(number, []).append(_mapped(row_of(places[numbers == number]), row_map))
        return [(number, _joined(rows)) for number, rows in sorted(found.items())]

    def scores(self, node: Node, held: Held) -> Floats:
        """Score of every row: over the words that hold there, the sum of their terms' scores; of an Either the best."""
        total = np.zeros(self._size, np.float32)
        for part, row_map in self._parts:
            size = self._size if row_map is None else row_map.size
            scores = summed(node, size, partial(_add_held, part, row_map, held))
            if row_map is None:
                total += scores
            else:
                total[row_map[row_map >= 0]] = scores[row_map >= 0]
        return total


def _add_held(part: Part, row_map: Ints | None, held: Held, total: Floats, words: Words) -> None:
    """Add words' scores in a part, those that the records had to tell only where they did."""
    rows = part.rows(plain(words))
    if words.strict:  # every row that is found was tested
        kept = held(words)[rows] if row_map is None else held(words)[row_map[rows]] & (row_map[rows] >= 0)
        rows = rows[kept]
    part.add_scores(total, plain(words), rows)


def _mapped(rows: Ints, row_map: Ints | None) -> Ints:
    if row_map is None:
        return rows
    mapped: Ints = row_map[rows]
    return mapped[mapped >= 0]


def _joined(parts: Iterable[Ints]) -> Ints:
    filled = [rows for rows in parts if rows.size]
    if len(filled) == 1:
        return filled[0]
    return np.sort(np.concatenate(filled)) if filled else NOTHING.rows
