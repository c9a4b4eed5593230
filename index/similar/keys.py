"""Entries of a part as numbers of 64 bits: 32 of the column, 16 of the row, 16 of a count or a weight.

One sort of them orders all three, by column as they are made, by row when they are turned.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints

Keys: TypeAlias = NDArray[np.uint64]
Halves: TypeAlias = NDArray[np.float16]
Words: TypeAlias = NDArray[np.uint16]
PART_ROWS = 1 << 16
_BLOCK = 1 << 18  # entries taken at once: they stay in the processor's cache, and nothing is there twice
_ONE, _TWO, _THREE = np.uint64(16), np.uint64(32), np.uint64(48)
_WORD = np.uint64(0xFFFF)


def packed(column: Ints, row: NDArray[np.integer], low: NDArray[np.integer]) -> Keys:
    """Entries that sort by column, then row; `low` is from 0 to 65,535."""
    keys: Keys = column.astype(np.uint64) << _TWO
    keys |= row.astype(np.uint64) << _ONE
    keys |= low.astype(np.uint64)
    return keys


def columns(keys: Keys, *, turned: bool = False) -> Ints:
    """Column of each entry."""
    return _words(keys, np.int32, _ONE if turned else _TWO)


def rows(keys: Keys, *, turned: bool = False) -> Words:
    """Row of each entry."""
    return _words(keys, np.uint16, _THREE if turned else _ONE)


def low(keys: Keys) -> Words:
    """Count or bits of the weight of each entry."""
    return _words(keys, np.uint16, np.uint64(0))


def turn(keys: Keys) -> None:
    """Put the row of each entry before the column, where they lie, and sort them so."""
    for block in _blocks(keys.size):
        some = keys[block]
        keys[block] = (some >> _ONE & _WORD) << _THREE | some >> _TWO << _ONE | some & _WORD
    keys.sort()


def halved(weight: Floats) -> Halves:
    """Weights in 16 bits, rounded down."""
    half = weight.astype(np.float16)
    above = half > weight
    half[above] = np.nextafter(half[above], np.float16(0))
    return half


def _words(keys: Keys, kind: type[np.generic], shift: np.uint64) -> NDArray[Any]:
    words = np.empty(keys.size, kind)
    for block in _blocks(keys.size):
        words[block] = keys[block] >> shift  # what does not fit falls away
    return words


def _blocks(size: int) -> Iterator[slice]:
    return (slice(begin, begin + _BLOCK) for begin in range(0, size, _BLOCK))
