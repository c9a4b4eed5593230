"""Names that a query may put before a value: short forms, the registry's search areas and its piece names."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from crawler.fields import Field, fields
from index import schema
from index.query.tree import Coverage

# The first four are indexed; the others are read in the records: a field's texts, its value of a closed list, yes or
# no, a number, a date, an age; a part has fields below it and no value of its own.
Kind = Literal["text", "value", "days", "enrollment", "words", "listed", "truth", "number", "date", "age", "part"]


@dataclass(frozen=True)
class Target:
    """What a name stands for, and how words have to stand there.

    `key` is a text area or field, a facet or filter key, a date key, the enrollment, or the piece name of a field
    that is read in the records. `exact` is EXPANSION[None], `coverage` COVERAGE[…].
    """

    kind: Kind
    key: str
    exact: bool = False
    coverage: Coverage = "Contains"


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
NAMES = (*_AREA_NAMES, *schema.FILTERED, *schema.DATES, "enrollment")
_SECTIONS = ("protocolSection", "derivedSection")
_UNSEARCHED = {
    "resultsSection": "results are kept and shown, not searched",
    "documentSection": "documents are named in a record, and their text is not in it",
    "annotationSection": "the registry's annotations are kept, not searched",
}
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("text", "text[]", "markup", "string"), "words"),
    **dict.fromkeys(("integer", "long", "number"), "number"),
    **dict.fromkeys(("PartialDate", "NormalizedDate"), "date"),
    "boolean": "truth",
    "NormalizedTime": "age",
}


def _kind(field: Field) -> Kind:
    return "listed" if field.enum else _KINDS.get(field.type, "part")


@cache
def _recorded() -> dict[str, Field]:
    """Fields of a protocol and of what is derived from it, by piece name."""
    return {field.piece: field for field in fields() if field.piece and field.path.split(".")[0] in _SECTIONS}


@cache
def _targets() -> dict[str, Target]:
    named = {piece: Target(_kind(field), piece) for piece, field in _recorded().items()}
    named |= {piece: Target("text", piece) for piece in schema.NUMBER_OF_PIECE if named[piece].kind == "words"}
    named |= {name: Target("text", area) for name, area in _AREA_NAMES.items()}
    for facet in schema.FILTERED.values():
        named[facet.key] = Target("value", facet.key)
        if facet.piece is not None and facet.closed is not None:
            named[facet.piece] = Target("value", facet.key)
    for key, piece in schema.DATES.items():
        named[key] = named[piece] = Target("days", key)
    named["enrollment"] = named["EnrollmentCount"] = Target("enrollment", "enrollment")
    named["HasResults"] = Target("value", "results")
    return {name.casefold(): target for name, target in named.items()}


@cache
def _refusals() -> dict[str, str]:
    """Why a field of another section can't be asked for, by its name in any case."""
    sections = ((field.piece, field.path.split(".")[0]) for field in fields())
    return {piece.casefold(): _UNSEARCHED[section] for piece, section in sections if piece and section in _UNSEARCHED}


def target(name: str) -> Target | None:
    """Return what a name stands for, in any case, `-` and `_` alike; None where it is none."""
    return _targets().get(name.strip().replace("-", "_").casefold())


def refusal(name: str) -> str | None:
    """Why a field that the registry has is not searched; None where the registry has none of this name."""
    return _refusals().get(name.strip().casefold())


def path(piece: str) -> tuple[str, ...]:
    """Place of a field in a record, by its piece name."""
    return tuple(_recorded()[piece].path.split("."))


def below(piece: str) -> list[str]:
    """Piece names of the fields with a value that a part of the record has."""
    above = f"{_recorded()[piece].path}."
    return [other for other, field in _recorded().items() if field.path.startswith(above) and _kind(field) != "part"]


def known_names() -> list[str]:
    """Every name there is, to find the one that was meant."""
    return [*_recorded(), *NAMES]


def column_key(piece: str) -> str | None:
    """Key of the column that holds a text field's values too, None where none does."""
    return next((facet.key for facet in schema.FILTERED.values() if facet.piece == piece), None)
