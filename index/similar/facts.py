"""Facts side by side: what the trials asked about and a hit have of each kind, and what both have."""

from collections.abc import Iterable, Sequence

import msgspec

from index.document import Card

# Classes that nearly every drug is in.
_NO_CLASS = {
    "Chemical Actions and Uses",
    "Molecular Mechanisms of Pharmacological Action",
    "Pharmacologic Actions",
    "Physiological Effects of Drugs",
    "Therapeutic Uses",
}
RECRUITING = ("RECRUITING", "NOT_YET_RECRUITING", "ENROLLING_BY_INVITATION")
_LISTS = {
    "condition": "conditions",
    "condition_mesh": "condition_mesh",
    "intervention": "interventions",
    "intervention_mesh": "intervention_mesh",
    "intervention_class": "intervention_classes",
    "intervention_type": "intervention_types",
    "phase": "phases",
    "country": "countries",
}  # kind → what a card calls it
_KINDS = (*_LISTS, "study_type", "allocation", "masking", "primary_purpose", "ages", "sponsor", "status")


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the trials asked about and a hit have of a kind, as they write it; of a link only `text` tells."""

    kind: str
    text: str
    asked: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()

    @property
    def both(self) -> tuple[str, ...]:
        """What both have."""
        theirs = {value.casefold() for value in self.hit}
        return tuple(value for value in self.asked if value.casefold() in theirs)


def facts(own: Sequence[Card], other: Card) -> list[Fact]:
    """Facts of a hit beside the trials asked about (any of them); a kind that neither side has is left out."""
    made = (
        (kind, _once(value for card in own for value in _values(card, kind)), _values(other, kind)) for kind in _KINDS
    )
    return [Fact(kind, _told(kind, asked, hit, other.nct_id), asked, hit) for kind, asked, hit in made if asked or hit]


def _values(card: Card, kind: str) -> tuple[str, ...]:
    if kind == "ages":
        return _ages(card)
    if kind in _LISTS:
        values: tuple[str, ...] = getattr(card, _LISTS[kind])
        return tuple(value for value in values if value not in _NO_CLASS)
    value: str | None = getattr(card, kind)
    return () if value is None else (value,)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _told(kind: str, asked: tuple[str, ...], hit: tuple[str, ...], nct_id: str) -> str:
    """Say it in words: what is shared first, else what there is instead."""
    both = Fact(kind, "", asked, hit).both
    if both:
        return f"both: {', '.join(both)}"
    if kind == "status" and hit:
        return f"{nct_id} is {hit[0]}"
    if asked and hit:
        return f"another: {', '.join(hit)} (not {', '.join(asked)})"
    return f"this one alone: {', '.join(hit)}" if hit else f"asked about alone: {', '.join(asked)}"


def _ages(card: Card) -> tuple[str, ...]:
    youngest, oldest = card.minimum_age_years, card.maximum_age_years
    if oldest is not None:
        return (f"from {youngest or 0:g} to {oldest:g} years",)
    return () if youngest is None else (f"{youngest:g} years and over",)
