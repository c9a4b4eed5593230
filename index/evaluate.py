"""A tree over an engine's postings and the columns → which rows, with what score.

Sets are boolean masks over all rows: at any size that a laptop holds they are cheaper than the bookkeeping that
would avoid them, and every boolean operator is one numpy call.
"""

import numpy as np
from numpy.typing import NDArray

from index.columns import Columns, Mask
from index.engines.base import Engine, Posting, field_of, phrase_places, phrase_rows
from index.inverted import Floats, Ints
from index.query.tree import (
    Age,
    All,
    Any,
    Days,
    Enrollment,
    Ids,
    Missing,
    Near,
    Node,
    Not,
    Recorded,
    Value,
    WithinSite,
    Words,
    record_tests,
    scored,
)
from index.record_fields import RecordQuestion
from index.schema import BASIC, FILTERED, NUMBER_OF_PIECE
from index.sites import SiteTable
from index.within import holds, relaxed


class Evaluator:
    """Answers trees over one generation; postings are read once a question."""

    def __init__(self, engine: Engine, columns: Columns, sites: SiteTable, records: RecordQuestion) -> None:
        self._engine = engine
        self._columns = columns
        self._sites = sites
        self._records = records
        self._postings: dict[tuple[str, str], Posting] = {}
        self._positions: dict[str, NDArray[np.uint64]] = {}
        self._word_rows: dict[Words, Ints] = {}

    def know(self, words: Words, rows: Ints) -> None:
        """Take the rows of some words, which need then not be looked for."""
        self._word_rows[words] = rows

    # -- sets ------------------------------------------------------------------------------------------------------

    def mask(self, node: Node, among: Mask | None = None) -> Mask:
        """Rows for which the tree holds. Of rows that are not `among`, nothing is told: no record is read for them."""
        if isinstance(node, Words):
            return self._marked(self._tested(node, self._rows(plain(node)), among) if node.strict else self._rows(node))
        if isinstance(node, Recorded):
            return self._marked(self._tested(node, self._candidates(node), among))
        if isinstance(node, All):
            return self._all(node.parts, among)
        if isinstance(node, Any):
            return self._any(node.parts, among)
        if isinstance(node, Not):
            return ~self.mask(node.part, among)
        if isinstance(node, Near):
            return self._sites.within(node.latitude, node.longitude, node.kilometres, self._columns.size)
        if isinstance(node, WithinSite):
            return self._within_site(node.part)
        return self._column_mask(node)

    def _within_site(self, part: Node) -> Mask:
        mask = self.mask(relaxed(part))
        mask &= self._has_site()
        for row in np.flatnonzero(mask).tolist():
            mask[row] = any(holds(part, site) for site in self._sites.of(row))
        return mask

    def _has_site(self) -> Mask:
        mask = np.zeros(self._columns.size, np.bool_)
        mask[self._sites.row] = True
        return mask

    def _marked(self, rows: Ints) -> Mask:
        mask = np.zeros(self._columns.size, np.bool_)
        mask[rows] = True
        return mask

    def _all(self, parts: tuple[Node, ...], among: Mask | None) -> Mask:
        """What is read in records comes last, for the rows that all else leaves."""
        mask = np.ones(self._columns.size, np.bool_) if among is None else among.copy()
        for part in sorted(parts, key=_dear):
            mask &= self.mask(part, mask)
        return mask

    def _any(self, parts: tuple[Node, ...], among: Mask | None) -> Mask:
        mask = np.zeros(self._columns.size, np.bool_)
        for part in parts:
            mask |= self.mask(part, among)
        return mask

    def _candidates(self, node: Recorded) -> Ints:
        """Rows that may pass a test of the record: where words stand in that field, if it has postings; else all."""
        if isinstance(node.test, Words) and node.piece in NUMBER_OF_PIECE:
            return self._rows(plain(node.test))
        return np.arange(self._columns.size, dtype=np.int32)

    def _tested(self, node: Words | Recorded, rows: Ints, among: Mask | None) -> Ints:
        return self._records.holding(node, rows if among is None else rows[among[rows]], self._places)

    def _places(self, words: Words) -> NDArray[np.uint64]:
        return phrase_places(self._term_places, words.area, words.terms)

    def _posting(self, area: str, term: str) -> Posting:
        posting = self._postings.get((area, term))
        if posting is None:
            posting = self._piece(area, term) if area in NUMBER_OF_PIECE else self._engine.posting(area, term)
            self._postings[area, term] = posting
        return posting

    def _term_places(self, term: str) -> NDArray[np.uint64]:
        """Positions of a term, read once a question: of many phrases the same words are the common ones."""
        places = self._positions.get(term)
        if places is None:
            places = self._positions[term] = self._engine.positions(term)
        return places

    def _piece(self, piece: str, term: str) -> Posting:
        """Postings of one field, which has none of its own: those of Basic whose positions lie in that field."""
        basic = self._posting(BASIC, term)
        places = self._term_places(term)
        kept = np.unique(places[field_of(places) == NUMBER_OF_PIECE[piece]] >> np.uint64(32)).astype(np.int32)
        return Posting(kept, basic.weights[np.searchsorted(basic.rows, kept)])

    def _rows(self, words: Words) -> Ints:
        rows = self._word_rows.get(words)
        if rows is None:
            rows = self._find(words)
            self._word_rows[words] = rows
        return rows

    def _find(self, words: Words) -> Ints:
        if len(words.terms) == 1:
            return self._posting(words.area, words.terms[0]).rows
        return phrase_rows(self._term_places, words.area, words.terms)

    def _column_mask(self, node: Value | Days | Enrollment | Age | Ids | Missing) -> Mask:
        columns = self._columns
        if isinstance(node, Value):
            return self._value_mask(node)
        if isinstance(node, Days):
            return _between(columns.days(node.key), node.begin, node.end, nothing=0)
        if isinstance(node, Enrollment):
            return _between(columns.enrollment, node.least, node.most, nothing=-1)
        if isinstance(node, Age):
            ages = columns.ages
            return (ages[:, 0] <= node.years) & (node.years <= ages[:, 1])
        if isinstance(node, Ids):
            mask = np.zeros(columns.size, np.bool_)
            rows = (columns.row(nct_id) for nct_id in node.nct_ids)
            mask[[row for row in rows if row is not None]] = True
            return mask
        return self._missing_mask(node.key)

    def _value_mask(self, node: Value) -> Mask:
        column = self._columns.values(node.key)
        if FILTERED[node.key].closed is not None:
            return column.mask(node.values, self._columns.size)
        asked = {value.casefold() for value in node.values}
        return column.mask([v for v in column.values if v.casefold() in asked], self._columns.size)

    def _missing_mask(self, key: str) -> Mask:
        if key in FILTERED:
            column = self._columns.values(key)
            return ~column.mask(column.values, self._columns.size)
        if key == "enrollment":
            return np.equal(self._columns.enrollment, -1)
        return np.equal(self._columns.days(key), 0)

    # -- scores ----------------------------------------------------------------------------------------------------

    def scores(self, node: Node) -> Floats:
        """Score of every row: over the words that hold there, the sum of their terms' scores; of an Either the best."""
        total = np.zeros(self._columns.size, np.float32)
        for part in scored(node):
            if isinstance(part, Words):
                self._add(total, part)
            else:
                total += np.maximum.reduce([self.scores(way) for way in part.parts])
        return total

    def _add(self, total: Floats, words: Words) -> None:
        rows = self._rows(plain(words))
        if words.strict:  # every row that is found was tested
            rows = rows[self._records.held(words)[rows]]
        for term in words.terms:
            posting = self._posting(words.area, term)
            if rows.size == posting.rows.size:
                total[rows] += posting.weights
            else:
                total[rows] += posting.weights[np.searchsorted(posting.rows, rows)]


def plain(words: Words) -> Words:
    """The same words in any form and anywhere in a value: what postings tell of them."""
    return Words(words.terms, words.area) if words.strict else words


def _dear(node: Node) -> int:
    """How much a part costs: nothing where no record is read, most where no posting says which."""
    tests = record_tests(node)
    return max((1 if isinstance(test, Words) or test.piece in NUMBER_OF_PIECE else 2 for test in tests), default=0)


def _between(column: NDArray[np.integer], least: int | None, most: int | None, *, nothing: int) -> Mask:
    mask: Mask = column != nothing
    if least is not None:
        mask &= column >= least
    if most is not None:
        mask &= column <= most
    return mask
