"""Facet counts as an answer tells them: in order, a closed list whole, an open one cut."""

from collections.abc import Mapping

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
        told_ = {value: count for value, count in counts.items() if count}
    else:
        told_ = {value: counts.get(value, 0) for value in (*closed, *counts)}
    if closed is None and len(told_) > OPEN_FACET_VALUES:
        least = sorted(told_.values(), reverse=True)[OPEN_FACET_VALUES - 1]
        told_ = {value: count for value, count in told_.items() if count >= least}  # the others' names need no order
    ordered = sorted(told_.items(), key=lambda pair: (-pair[1], pair[0]))
    if closed is None:
        ordered = ordered[:OPEN_FACET_VALUES]
    listed = [FacetCount(value == "true" if key == "results" else value, count) for value, count in ordered]
    return [*listed, FacetCount(None, without)] if without else listed
