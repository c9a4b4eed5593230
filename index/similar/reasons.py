"""Why two trials are alike: each field group's part of the score, the terms that gave most, facts side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from index import analysis
from index.document import Card
from index.similar.groups import GROUPS
from index.similar.matrix import Matrix, Query

TERMS = 10  # terms told for a hit


class Term(msgspec.Struct, frozen=True):
    """A shared term as people write it, the group it stood in, its share of the score from 0 to 1."""

    term: str
    field: str
    share: float


class Fact(msgspec.Struct, frozen=True):
    """Something that both trials have and that no term carries."""

    kind: str
    text: str


class Why(msgspec.Struct, frozen=True):
    """Reasons of one hit; the parts in `fields` sum to its score."""

    fields: dict[str, float]
    terms: list[Term]
    facts: list[Fact]


@dataclass(frozen=True)
class Kinship:
    """Links between trials, from the store: (source, target, kind, evidence)."""

    links: list[tuple[str, str, str, str]]

    def facts(self, nct_id: str, other: str) -> list[Fact]:
        """Links between two trials, in either direction."""
        pair = {nct_id, other}
        return [
            Fact("link", f"{source} names {target}: {evidence}")
            for source, target, _, evidence in self.links
            if {source, target} == pair
        ]


def spelled(cards: Iterable[Card]) -> dict[str, str]:
    """How the trials themselves write each term, by its stem: the first trial's word, where it has one."""
    written: dict[str, str] = {}
    for card in cards:
        for text in (card.title, *card.conditions, *card.interventions, card.brief_summary or ""):
            for word in analysis.words(text):
                written.setdefault(analysis.stem(word), word)
    return written


def why(matrix: Matrix, query: Query, row: int, facts: list[Fact], written: Mapping[str, str]) -> Why:
    """Explain a row's score; `written` maps a stem to the word it is shown as, else the commonest is."""
    columns, parts = matrix.shared(query, row)
    total = float(parts.sum())
    by_group = np.bincount(columns % len(GROUPS), weights=parts, minlength=len(GROUPS))
    heaviest = np.argsort(-parts, kind="stable")[: min(TERMS, np.count_nonzero(parts))]  # a term of all gives nothing
    terms = [
        Term(
            term=_shown(matrix.surface(int(columns[at]) // len(GROUPS)), written),
            field=GROUPS[int(columns[at]) % len(GROUPS)].name,
            share=float(parts[at]) / total if total else 0.0,
        )
        for at in heaviest.tolist()
    ]
    fields = {GROUPS[group].name: float(by_group[group]) for group in query.groups}
    return Why(fields, terms, facts)


def shared_facts(card: Card, other: Card) -> list[Fact]:
    """Facts that two cards have in common."""
    facts = [
        Fact(kind, f"both: {', '.join(both)}")
        for kind, both in (
            ("condition", _both(card.conditions, other.conditions)),
            ("intervention", _both(card.interventions, other.interventions)),
            ("intervention_type", _both(card.intervention_types, other.intervention_types)),
            ("phase", _both(card.phases, other.phases)),
            ("country", _both(card.countries, other.countries)),
        )
        if both
    ]
    for kind in ("study_type", "sponsor", "status", "allocation", "masking", "primary_purpose"):
        value = getattr(card, kind)
        if value is not None and value == getattr(other, kind):
            facts.append(Fact(kind, f"both: {value}"))
    facts.extend(_ages(card, other))
    if other.status in {"RECRUITING", "NOT_YET_RECRUITING"} and card.status != other.status:
        facts.append(Fact("status", f"{other.nct_id} is {other.status}"))
    return facts


def _both(mine: tuple[str, ...], theirs: tuple[str, ...]) -> list[str]:
    folded = {value.casefold() for value in theirs}
    return [value for value in mine if value.casefold() in folded]


def _ages(card: Card, other: Card) -> list[Fact]:
    bounds = (card.minimum_age_years, card.maximum_age_years)
    if bounds != (other.minimum_age_years, other.maximum_age_years) or bounds == (None, None):
        return []
    youngest = "any age" if bounds[0] is None else f"{bounds[0]:g}"
    oldest = "" if bounds[1] is None else f" to {bounds[1]:g}"
    return [Fact("ages", f"both: from {youngest}{oldest} years" if oldest else f"both: {youngest} years and over")]


def _shown(surface: str, written: Mapping[str, str]) -> str:
    return written.get(analysis.stem(surface), surface)
