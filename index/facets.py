"""Facet counts as an answer tells them: in order, a closed list whole, an open one cut."""

from collections.abc import Mapping
from heapq import nlargest

import msgspec

from index.schema import FACETS

OPEN_FACET_VALUES = 20  # of an open list; a closed one is told whole


class FacetCount(msgspec.Struct, frozen=True):
    """A value and how many trials have it; value None counts those without any."""

    value: str | bool | None
    count: int


def told(key: str, counts: Mapping[str, int], without: int) -> list[FacetCount]:
    """Counts of one facet: most frequent first, then by name, those without a value last.

    `counts` has every value that a trial has, or, of an open list, at least those that are told and all equal to them.
    """
    closed = FACETS[key].closed
    if closed is None:
        ordered = _in_order(_most_frequent(counts))[:OPEN_FACET_VALUES]
    else:
        ordered = _in_order({value: counts.get(value, 0) for value in (*closed, *counts)})
    listed = [FacetCount(value == "true" if key == "results" else value, count) for value, count in ordered]
    return [*listed, FacetCount(None, without)] if without else listed


def _in_order(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _most_frequent(counts: Mapping[str, int]) -> dict[str, int]:
    """Values among which those that are told are: the thousands of others need no order."""
    frequent = nlargest(OPEN_FACET_VALUES, counts.values())
    least = max(1, frequent[-1] if len(frequent) == OPEN_FACET_VALUES else 1)
    return {value: count for value, count in counts.items() if count >= least}
