"""Why two trials are alike: each field group's part of the score, the terms that gave most, facts side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np

from index import analysis
from index.document import Card
from index.similar.facts import Fact
from index.similar.groups import GROUPS
from index.similar.matrix import Matrix, Query

# Facts of the hits (the second) that are linked with a trial asked about (the first), by their ids.
Kinship: TypeAlias = Callable[[Sequence[str], Sequence[str]], Mapping[str, Sequence[Fact]]]
TERMS = 10  # terms told for a hit


class Term(msgspec.Struct, frozen=True):
    """A shared term as people write it, the group it stood in, its share of the score from 0 to 1."""

    term: str
    field: str
    share: float


class Why(msgspec.Struct, frozen=True):
    """Reasons of one hit; the parts in `fields` sum to its score."""

    fields: dict[str, float]
    terms: list[Term]
    facts: list[Fact]


def no_kin(_asked: Sequence[str], _hits: Sequence[str]) -> Mapping[str, Sequence[Fact]]:
    """Know no links."""
    return {}


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


def _shown(surface: str, written: Mapping[str, str]) -> str:
    return written.get(analysis.stem(surface), surface)
