"""How much each word says of a trial, as features of its document: worked out before it is sent, the same on any shard.

The cluster keeps 9 significant bits of a feature and cuts the rest off; here they are rounded to so many.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.engines.opensearch.mapping import indexed_term
from index.inverted import Floats, InvertedFile
from index.scoring import AreaPostings, Statistics, area_postings

_HALF = np.uint32(1 << 14)  # of what is cut off: 15 of a float's bits

Features = dict[str, dict[str, float]]  # search area → term → score; the vector's field → column → weight


def features(inverted: InvertedFile, statistics: Statistics) -> Iterator[Features]:
    """Yield each row's features in turn."""
    names = [indexed_term(term) for term in inverted.terms]
    areas = {area: _ByRow(postings, inverted.rows) for area, postings in area_postings(inverted, statistics).items()}
    for row in range(inverted.rows):
        yield {area: found for area, by_row in areas.items() if (found := by_row.features(row, names))}


class _ByRow:
    """An area's postings in order of their rows."""

    def __init__(self, postings: AreaPostings, rows: int) -> None:
        order = np.argsort(postings.row, kind="stable")
        self._terms: list[int] = postings.term[order].tolist()
        self._weights: list[float] = rounded(postings.weight[order]).tolist()
        self._begins: list[int] = np.searchsorted(postings.row[order], np.arange(rows + 1)).tolist()

    def features(self, row: int, names: Sequence[str]) -> dict[str, float]:
        begin, end = self._begins[row : row + 2]
        return dict(zip([names[term] for term in self._terms[begin:end]], self._weights[begin:end], strict=True))


def with_features(source: bytes, found: Features) -> bytes:
    """Put features into a document's JSON."""
    return source if not found else source[:-1] + b"," + msgspec.json.encode(found)[1:]


def rounded(weights: Floats) -> NDArray[np.float64]:
    """Return short decimals from which the cluster cuts the nearest value: each in the middle of what it cuts."""
    bits = weights.view(np.uint32) + _HALF
    middle = ((bits & ~np.uint32(2 * _HALF - 1)) + _HALF).view(np.float32).astype(np.float64)
    scale = 10 ** (3 - np.floor(np.log10(middle)))  # four digits are ten times as fine
    decimals: NDArray[np.float64] = np.rint(middle * scale) / scale
    return decimals


# -- aside, until all is counted ---------------------------------------------------------------------------------------


def keep(path: Path, inverted: InvertedFile) -> None:
    """Write what features are made of: an inverted file without its positions."""
    np.savez(
        path,
        rows=np.array([inverted.rows]),
        terms=np.frombuffer(msgspec.json.encode(inverted.terms), np.uint8),
        term=inverted.term,
        row=inverted.row,
        field=inverted.field,
        count=inverted.count,
        lengths=inverted.lengths,
    )


def kept(path: Path) -> InvertedFile:
    """Read what `keep` wrote."""
    with np.load(path) as held:
        return InvertedFile(
            rows=int(held["rows"][0]),
            terms=msgspec.json.decode(held["terms"].tobytes(), type=list[str]),
            surfaces=[],
            term=held["term"],
            row=held["row"],
            field=held["field"],
            count=held["count"],
            start=np.zeros(0, np.int64),
            positions=np.zeros(0, np.int32),
            lengths=held["lengths"],
        )
