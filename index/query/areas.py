"""Names that a query may put before a value: short forms, the registry's search areas and its piece names."""

from dataclasses import dataclass
from typing import Literal

from index import schema

Kind = Literal["text", "value", "days", "enrollment"]


@dataclass(frozen=True)
class Target:
    """What a name stands for: a text area or field, a facet or filter key, a date key, or the enrollment."""

    kind: Kind
    key: str


_AREA_NAMES = {
    "cond": schema.CONDITION,
    "intr": schema.INTERVENTION,
    "title": schema.TITLE,
    "titles": schema.TITLE,
    "outc": schema.OUTCOME,
    "spons": schema.SPONSOR,
    "loc": schema.LOCATION,
    "locn": schema.LOCATION,
    "id": schema.ID,
    "elig": schema.ELIGIBILITY,
    "term": schema.BASIC,
    "NCTIdSearch": schema.ID,
    "InterventionNameSearch": schema.INTERVENTION,
    **{area: area for area in schema.AREAS},
}


def _targets() -> dict[str, Target]:
    named = {piece: Target("text", piece) for piece in schema.NUMBER_OF_PIECE}
    named |= {name: Target("text", area) for name, area in _AREA_NAMES.items()}
    for facet in schema.FILTERED.values():
        named[facet.key] = Target("value", facet.key)
        if facet.piece is not None and facet.closed is not None:
            named[facet.piece] = Target("value", facet.key)
    for key, piece in schema.DATES.items():
        named[key] = named[piece] = Target("days", key)
    named["enrollment"] = named["EnrollmentCount"] = Target("enrollment", "enrollment")
    return {name.casefold(): target for name, target in named.items()}


TARGETS = _targets()
NAMES = (*_AREA_NAMES, *schema.FILTERED, *schema.DATES, "enrollment")


def target(name: str) -> Target | None:
    """Return what a name stands for, in any case, `-` and `_` alike; None where it is none."""
    return TARGETS.get(name.strip().replace("-", "_").casefold())
