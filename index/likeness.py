"""What a trial is like: the vectors' ranking, the filters' choice, reasons from the cards. One open generation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np

from index.columns import Columns
from index.document import Card, Document
from index.engines.base import Engine, Neighbourly
from index.query.tree import All, Filters, Ids, Node, Not
from index.similar import candidates
from index.similar.aspects import ALL_OF_IT, Comparison, telling
from index.similar.difference import Difference
from index.similar.facts import facts
from index.similar.groups import GROUPS, NUMBER_OF_GROUP
from index.similar.matrix import Matrix, Query, Ranked, Row
from index.similar.ranking import Ranking
from index.similar.reasons import Kinship, Why, spelled, why
from index.synonyms import Synonyms

_TEXT = NUMBER_OF_GROUP["text"]


class SimilarTrial(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trial like the one asked about; `why` is filled on request."""

    nct_id: str
    title: str
    score: float
    why: Why | None = None


@dataclass(frozen=True)
class Asked:
    """What trials are compared with: rows, which are left out of the answer, cards, vectors, the mean of them."""

    rows: Sequence[int]
    cards: Sequence[Card]
    vector: Row
    vectors: Sequence[Row]


@dataclass(frozen=True)
class Likeness:
    """Answers from one generation's columns, vectors and engine."""

    columns: Columns
    matrix: Matrix
    engine: Engine
    synonyms: Synonyms

    def asked(self, nct_ids: Sequence[str]) -> Asked:
        """Trials by their ids; those that are not in the index say nothing."""
        rows = [row for row in map(self.columns.row, nct_ids) if row is not None]
        return Asked(rows, self._cards(rows), self.matrix.mean(rows), [self.matrix.row(row) for row in rows])

    def draft(self, document: Document, nct_id: str | None) -> Asked:
        """A document, which may be of no trial here; where it is of one (`nct_id`), that is left out of the answer."""
        from index.similar.draft import draft  # noqa: PLC0415 - few compare with a text

        row = None if nct_id is None else self.columns.row(nct_id)
        vector = draft(self.matrix.folder, document)
        return Asked([] if row is None else [row], [document.card], vector, [vector])

    def like(
        self, asked: Asked, filters: Filters, limit: int, kinship: Kinship | None, comparison: Comparison | None = None
    ) -> list[SimilarTrial]:
        """Trials most like what is asked about, by all of it or a comparison; reasons where kinship is given."""
        comparison = comparison or ALL_OF_IT
        others = Not(Ids(frozenset(map(self.columns.nct_id, asked.rows))))
        ranking = self._ranking(asked, comparison, self._ranked(All((*filters.values(), others))))
        query, ranked = ranking.query, ranking.best(limit)
        cards = self._cards(ranked.rows)
        reasons = [None] * len(cards) if kinship is None else self._reasons(asked, query, ranked, cards, kinship)
        return [
            SimilarTrial(card.nct_id, card.title, score, reason)
            for card, score, reason in zip(cards, ranked.scores, reasons, strict=True)
        ]

    def words(self, vector: Row) -> int:
        """Count the different words that a vector has of all text."""
        return int(np.count_nonzero(vector.columns % len(GROUPS) == _TEXT))

    def tells(self, vector: Row, aspect: str) -> bool:
        """Whether a vector has anything of an aspect."""
        return bool(np.any(vector.columns % len(GROUPS) == telling(aspect)))

    def _ranked(self, node: Node) -> Callable[[Query, int], Ranked]:
        """What ranks the trials for which a tree holds: the engine where it has the vectors, else the vectors here."""
        engine = self.engine
        if isinstance(engine, Neighbourly) and engine.ranks(node):
            nearest = partial(engine.nearest, node)
            return lambda query, limit: candidates.ranked(self.matrix, query, nearest, limit)
        allowed = engine.mask(node)
        return lambda query, limit: self.matrix.ranked(query, allowed, limit)

    def _ranking(self, asked: Asked, comparison: Comparison, ranked: Callable[[Query, int], Ranked]) -> Ranking:
        if comparison.unlike is None:
            return Ranking(self.matrix, asked.vector, comparison.factors, ranked, comparison.diverse)
        rows = asked.vectors
        difference = Difference(self.matrix, comparison.unlike, rows, asked.cards, self.synonyms)

        def differs(rows: Sequence[int]) -> list[bool]:
            open_ = [row for row in rows if difference.may_hold(self.matrix.row(row))]
            held = {row for row, card in zip(open_, self._cards(open_), strict=True) if difference.holds(card)}
            return [row in held for row in rows]

        vector = difference.without_own(asked.vector)
        return Ranking(self.matrix, vector, comparison.factors, ranked, comparison.diverse, differs)

    def _reasons(
        self, asked: Asked, query: Query, ranked: Ranked, cards: Sequence[Card], kinship: Kinship
    ) -> list[Why]:
        mine = spelled(asked.cards)
        linked = kinship([card.nct_id for card in asked.cards], [card.nct_id for card in cards])
        return [
            why(
                self.matrix,
                query,
                row,
                [*linked.get(card.nct_id, ()), *facts(asked.cards, card)],
                {**spelled((card,)), **mine},
            )
            for row, card in zip(ranked.rows, cards, strict=True)
        ]

    def _cards(self, rows: Sequence[int]) -> list[Card]:
        return self.engine.cards([self.columns.nct_id(row) for row in rows])
