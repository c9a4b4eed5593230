"""What an engine is: postings that answer a tree. Filters, facets and sorting over columns are shared."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.document import Card
from index.inverted import Floats, Ints, InvertedFile
from index.schema import AREAS, NUMBER_OF_PIECE, pieces_of

POSITION_BITS = 25  # a field's position below, the field's number above: 57 fields fit, and 33 million words a field


PositionsOf: TypeAlias = Callable[[str], NDArray[np.uint64]]  # a term's positions, as `Engine.positions` gives them


@dataclass(frozen=True)
class Posting:
    """Rows (ascending) that hold a term in an area, and the term's whole score in each."""

    rows: Ints
    weights: Floats


NOTHING = Posting(np.zeros(0, np.int32), np.zeros(0, np.float32))


class Engine(Protocol):
    """Postings of one generation."""

    def posting(self, area: str, term: str) -> Posting:
        """Rows and scores of a term in an area; empty where it stands nowhere."""

    def positions(self, term: str) -> NDArray[np.uint64]:
        """Everywhere a term stands: `row << 32 | field number << POSITION_BITS | position`, ascending."""

    def cards(self, rows: list[int]) -> list[Card]:
        """What an answer shows of some rows."""

    def close(self) -> None:
        """Let go of files."""


class EngineWriter(Protocol):
    """Writes one generation's postings into a folder."""

    def write(self, folder: Path, inverted: InvertedFile, cards: list[Card]) -> None:
        """Write all of it; nothing is read from the folder before this returns."""


def _area_fields() -> dict[str, NDArray[np.bool_]]:
    """For each area and each single field, which field numbers belong to it."""
    numbers = {area: list(pieces_of(area)) for area in AREAS}
    numbers |= {piece: [number] for piece, number in NUMBER_OF_PIECE.items()}
    tables = {}
    for name, fields in numbers.items():
        tables[name] = np.zeros(1 << (32 - POSITION_BITS), np.bool_)
        tables[name][fields] = True
    return tables


AREA_FIELDS = _area_fields()


def field_of(places: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Field numbers of positions as `Engine.positions` gives them."""
    fields: NDArray[np.uint64] = (places & np.uint64(0xFFFFFFFF)) >> np.uint64(POSITION_BITS)
    return fields


def phrase_rows(positions: PositionsOf, area: str, terms: tuple[str, ...]) -> Ints:
    """Rows where the terms stand side by side, in order, in one field of the area."""
    return np.unique(phrase_places(positions, area, terms) >> np.uint64(32)).astype(np.int32)


def phrase_places(positions: PositionsOf, area: str, terms: tuple[str, ...]) -> NDArray[np.uint64]:
    """Positions where a phrase begins, as `Engine.positions` gives them.

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
