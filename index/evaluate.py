"""A tree over words, columns, sites and records → which rows.

Sets are boolean masks over all rows: at any size that a laptop holds they are cheaper than the bookkeeping that
would avoid them, and every boolean operator is one numpy call.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from index.engines.base import WordSource
from index.inverted import Ints, Mask
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
    plain,
    record_tests,
)
from index.record_fields import RecordQuestion
from index.schema import FILTERED, NUMBER_OF_PIECE
from index.tables import Tables
from index.within import holds, relaxed


class Evaluator:
    """Answers trees over one generation; what is asked of the records has to be told at the start."""

    def __init__(self, source: WordSource, tables: Tables, nodes: Iterable[Node]) -> None:
        self._source = source
        self._columns = tables.columns
        self._sites = tables.sites
        self._records: RecordQuestion = tables.records.question(record_tests(All(tuple(nodes))))

    def mask(self, node: Node, among: Mask | None = None) -> Mask:
        """Rows for which the tree holds. Of rows that are not `among`, nothing is told: no record is read for them."""
        if isinstance(node, Words):
            rows = self._source.rows(plain(node))
            return self._marked(self._tested(node, rows, among) if node.strict else rows)
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

    def held(self, words: Words) -> NDArray[np.bool_]:
        """Rows known to hold words that were tested in the records."""
        return self._records.held(words)

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
            return self._source.rows(plain(node.test))
        return np.arange(self._columns.size, dtype=np.int32)

    def _tested(self, node: Words | Recorded, rows: Ints, among: Mask | None) -> Ints:
        return self._records.holding(node, rows if among is None else rows[among[rows]], self._source.fields)

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
        return column.mask(
            column.matching(node.values, closed=FILTERED[node.key].closed is not None), self._columns.size
        )

    def _missing_mask(self, key: str) -> Mask:
        if key in FILTERED:
            column = self._columns.values(key)
            return ~column.mask(column.values, self._columns.size)
        if key == "enrollment":
            return np.equal(self._columns.enrollment, -1)
        return np.equal(self._columns.days(key), 0)


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
