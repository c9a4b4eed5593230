"""The real records as a bench of rankings needs them: counts of terms in groups of fields, facts, truth by row.

Nothing here is the product's vectors: what they might be is tried on counts out of the same inverted file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crawler.normalise import normalise
from crawler.points import EXCLUSION, Point, criteria
from crawler.trial import Trial
from index.document import Document, document
from index.inverted import Ints, InvertedFile, Inverter, runs
from index.schema import NUMBER_OF_PIECE, TEXT_FIELDS
from index.similar.function_words import FUNCTION_TERMS
from index.similar.groups import GROUPS, NUMBER_OF_GROUP
from index.similar.truth import read_truth
from tests.bench.__main__ import SHARED
from tests.bench.truth import LEFT_OUT, Asked, asked, records, truths

ALL_TEXT = GROUPS[NUMBER_OF_GROUP["text"]].pieces
GIVEN = ("same-patient", "secret-validation", "trial2vec")
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """How often rows use terms: an entry for each (term, row) that meet, sorted so. Terms may be pairs of terms."""

    term: Ints
    row: Ints
    count: Ints


@dataclass(frozen=True)
class Kind:
    """A truth: queries by row, with what they are judged by; pieces that the vectors must not read."""

    name: str
    queries: list[Asked]
    left_out: tuple[str, ...]


Source: TypeAlias = Callable[["Collection", tuple[str, ...]], Counts]


class Collection:
    """The real records, inverted."""

    def __init__(self) -> None:
        raws = records()
        self.trials: list[Trial] = [normalise(raw) for raw in raws]
        self._documents = [document(trial, raw) for trial, raw in zip(self.trials, raws, strict=True)]
        self.inverted = _inverted(self._documents)
        self.rows = self.inverted.rows
        self.number = {trial.nct_id: row for row, trial in enumerate(self.trials)}
        self._said = _said(self.inverted)

    def kinds(self) -> list[Kind]:
        """The truths given, then our own."""
        given = {name: read_truth(str(SHARED.parent / "truth" / f"{name}.tsv")) for name in GIVEN}
        every = {**given, **truths(self.trials)}
        return [Kind(name, list(asked(told, self.number)), LEFT_OUT.get(name, ())) for name, told in every.items()]

    # -- counts ------------------------------------------------------------------------------------------------------

    def words(self, pieces: Sequence[str]) -> Counts:
        """Count the words of some fields, without function words."""
        return _counted(self.inverted, self._said & self._in(pieces))

    def pairs(self, pieces: Sequence[str]) -> Counts:
        """Count pairs of words that stand side by side (function words between them aside), if two trials have them."""
        inverted = self.inverted
        entries = np.repeat(np.arange(inverted.term.size), np.diff(inverted.start))
        kept = (self._said & self._in(pieces))[entries]
        entry, place = entries[kept], inverted.positions[kept]
        order = np.lexsort((place, inverted.field[entry], inverted.row[entry]))
        term, row, place = inverted.term[entry][order], inverted.row[entry][order], place[order]
        beside = (row[1:] == row[:-1]) & (np.diff(place) > 0) & (np.diff(place) <= _NEAR)
        pair = (term[:-1].astype(np.int64) * len(inverted.terms) + term[1:])[beside]
        names, number = np.unique(pair, return_inverse=True)
        return _frequent(number.astype(np.int32), row[1:][beside], names.size)

    def _in(self, pieces: Sequence[str]) -> NDArray[np.bool_]:
        table = np.zeros(len(TEXT_FIELDS), np.bool_)
        table[[NUMBER_OF_PIECE[piece] for piece in pieces]] = True
        chosen: NDArray[np.bool_] = table[self.inverted.field]
        return chosen

    @cached_property
    def ages(self) -> Floats:
        """Rows × (youngest, oldest) in years, up to 100."""
        return np.array([(t.minimum_age_years or 0, min(t.maximum_age_years or 100, 100)) for t in self.trials])

    @cache  # noqa: B019 - one collection a bench
    def values(self, key: str) -> NDArray[np.bool_]:
        """Rows × values: which values of a facet or filter each trial has; both sexes where it takes all."""
        held = [set(each.values[key]) for each in self._documents]
        names = sorted(set().union(*held) - {"ALL"})
        return np.array([[name in has or "ALL" in has for name in names] for has in held])

    @cached_property
    def _criteria(self) -> tuple[Counts, Counts]:
        """Inclusion criteria (what stands under no heading too), exclusion criteria."""
        split = []
        for excluded in (False, True):
            made = [
                replace(each, texts=[(0, point.text) for point in told if (point.section == EXCLUSION) == excluded])
                for each, told in zip(self._documents, self._points, strict=True)
            ]
            inverted = _inverted(made)
            split.append(_counted(inverted, _said(inverted)))
        return split[0], split[1]

    @cached_property
    def _points(self) -> list[list[Point]]:
        return [criteria(trial.eligibility_criteria or "") for trial in self.trials]

    def inclusion(self) -> Counts:
        """Words of inclusion criteria."""
        return self._criteria[0]

    def exclusion(self) -> Counts:
        """Words of exclusion criteria."""
        return self._criteria[1]


_NEAR = 3  # words from one to the next of a pair: function words may stand between


def _inverted(documents: Sequence[Document]) -> InvertedFile:
    inverter = Inverter()
    for each in documents:
        inverter.add(each)
    return inverter.finish()


def _said(inverted: InvertedFile) -> NDArray[np.bool_]:
    table = np.array([term not in FUNCTION_TERMS for term in inverted.terms], np.bool_)
    said: NDArray[np.bool_] = table[inverted.term]
    return said


def _counted(inverted: InvertedFile, chosen: NDArray[np.bool_]) -> Counts:
    term, row, count = inverted.term[chosen], inverted.row[chosen], inverted.count[chosen]
    begins = runs(term, row)
    summed = np.add.reduceat(count, begins, dtype=np.int32) if begins.size else count
    return Counts(term[begins], row[begins], summed)


def _frequent(term: Ints, row: Ints, terms: int) -> Counts:
    """Count (term, row) that stand in any order; terms of one row alone are left out."""
    order = np.lexsort((row, term))
    term, row = term[order], row[order]
    begins = runs(term, row)
    count = np.diff(begins, append=term.size).astype(np.int32)
    term, row = term[begins], row[begins]
    kept = np.bincount(term, minlength=terms)[term] > 1
    return Counts(term[kept], row[kept], count[kept])
