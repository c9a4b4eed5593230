"""Who differs from some trials in one aspect, and which words are that aspect's own.

A condition, an intervention or a sponsor is the same where its name is: all words of a name that one lists stand among
the other's names (MeSH terms, other names and learned synonyms included). A design, criteria and outcomes have no
names: there two trials differ where their vectors of that group share little. A trial that tells nothing of the aspect
is not known to differ.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crawler.neighbours import INERT
from index import analysis
from index.document import Card
from index.inverted import Ints
from index.schema import CONDITION, INTERVENTION
from index.similar.aspects import telling
from index.similar.function_words import FUNCTION_TERMS
from index.similar.groups import GROUPS
from index.similar.matrix import Matrix, Row
from index.synonyms import Synonyms

# Cosine in the group from which two trials are alike in it; of random pairs 1 in 50 at most has as much in criteria
# or outcomes, of a trial's hundred nearest every fourth in criteria, every second in design.
ALIKE = 0.2
_AREAS = {"condition": CONDITION, "intervention": INTERVENTION}
_NAMES = {
    "condition": ("conditions", "condition_mesh"),
    "intervention": ("interventions", "intervention_mesh"),
    "sponsor": ("sponsor",),
}  # aspect → what of a card names it


class Difference:
    """What some trials are in one aspect."""

    def __init__(
        self, matrix: Matrix, aspect: str, rows: Sequence[Row], cards: Sequence[Card], synonyms: Synonyms
    ) -> None:
        self._matrix, self._aspect, self._group = matrix, aspect, telling(aspect)
        self._stems: dict[int, str] = {}
        self._rows, self._names = rows, [name for card in cards for name in _names_and_synonyms(card, aspect, synonyms)]

    def without_own(self, vector: Row) -> Row:
        """A vector without the words of the trials' names."""
        kept = ~np.isin(vector.columns // len(GROUPS), self._own)
        return Row(vector.columns[kept], vector.weights[kept])

    @cached_property
    def _own(self) -> Ints:
        """Numbers of the names' terms."""
        terms = frozenset[str]().union(*self._names)
        used = np.unique(np.concatenate([_columns(row, self._group) for row in self._rows])) // len(GROUPS)
        return np.array([term for term in used.tolist() if self._spelled(term) in terms], np.int32)

    def may_hold(self, row: Row) -> bool:
        """Whether a trial's vector lets it differ from all of them."""
        mine = _columns(row, self._group)
        if not mine.size:
            return False
        if self._aspect not in _NAMES:
            return all(_cosine(row, other, self._group) < ALIKE for other in self._rows)
        told = {self._spelled(column // len(GROUPS)) for column in mine.tolist()}
        return not any(name <= told for name in self._names)

    def holds(self, card: Card) -> bool:
        """Whether a trial whose vector lets it differ lists other names, and some at all."""
        if self._aspect not in _NAMES:
            return True
        listed = names(card, self._aspect)
        within = any(other <= name for name in self._names for other in listed)
        return bool(getattr(card, _NAMES[self._aspect][0])) and not within

    def _spelled(self, term: int) -> str:
        if term not in self._stems:
            self._stems[term] = analysis.stem(self._matrix.surface(term))
        return self._stems[term]


def names(card: Card, aspect: str) -> list[frozenset[str]]:
    """Terms of each name that a card has in an aspect; what an arm is compared with (placebo) is none."""
    made = (
        frozenset(analysis.terms(text)) - FUNCTION_TERMS
        for text in _texts(card, aspect)
        if aspect != "intervention" or not INERT.search(text)
    )
    return [name for name in dict.fromkeys(made) if name]


def _names_and_synonyms(card: Card, aspect: str, synonyms: Synonyms) -> list[frozenset[str]]:
    """The names of a card, and what they are called too."""
    table = synonyms.table(_AREAS[aspect]) if aspect in _AREAS else {}
    called = (phrase for text in _texts(card, aspect) for phrase in table.get(tuple(analysis.terms(text)), ()))
    return [*names(card, aspect), *(frozenset(phrase.terms) for phrase in called)]


def _texts(card: Card, aspect: str) -> Iterable[str]:
    for attribute in _NAMES.get(aspect, ()):
        value = getattr(card, attribute)
        yield from (value,) if isinstance(value, str) else value or ()


def _columns(row: Row, group: int) -> Ints:
    columns: Ints = row.columns[row.columns % len(GROUPS) == group]
    return columns


def _weights(row: Row, group: int) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = row.weights[row.columns % len(GROUPS) == group]
    return weights


def _cosine(one: Row, other: Row, group: int) -> float:
    _, mine, theirs = np.intersect1d(
        _columns(one, group), _columns(other, group), assume_unique=True, return_indices=True
    )
    left, right = _weights(one, group), _weights(other, group)
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left[mine] @ right[theirs]) / lengths if lengths else 0.0
