"""A question answered from masks over columns: filters, facet counts, order. What every engine can fall back to."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from index.columns import Columns
from index.engines.base import Answer, Question
from index.errors import DistanceUnmeasured
from index.evaluate import Evaluator
from index.facets import FacetCount, told
from index.inverted import Floats, Mask
from index.query.tree import Any, Filters, Near, positive_words
from index.schema import FACETS
from index.sites import SiteTable
from index.tables import Tables

BY_DATE = {"relevance": "updated"}  # where nothing was asked in words, the newest is the most relevant


def answered(question: Question, tables: Tables, evaluator: Evaluator, scores_of: Callable[[], Floats]) -> Answer:
    """Answer a question; `scores_of` gives every row's score, and is asked only where words are asked for."""
    masks = {name: evaluator.mask(part) for name, part in question.filters.items()}
    asked = evaluator.mask(question.node, _worth_asking(masks, facets=question.facets))
    found = _and(asked, masks.values())
    words = positive_words(question.node)
    for strict in dict.fromkeys(each for each in words if each.strict):
        evaluator.mask(strict, found)  # a hit may hold words that nobody had to look up to find it: they score too
    scores = scores_of() if words else None
    return Answer(
        total=int(found.sum()),
        hits=[
            (tables.columns.nct_id(row), None if scores is None else float(scores[row]))
            for row in _ordered(found, scores, question, tables)
        ],
        facets=_facets(tables.columns, asked, masks) if question.facets else {},
    )


def _worth_asking(masks: dict[str, Mask], *, facets: bool) -> Mask | None:
    """Rows that may count: those of all filters, and for facets, which don't know their own, of all but one."""
    if not masks:
        return None
    failed = sum((~mask).astype(np.int16) for mask in masks.values())
    return np.asarray(failed <= int(facets))


def _and(mask: Mask, others: Iterable[Mask]) -> Mask:
    joined = mask.copy()
    for other in others:
        joined &= other
    return joined


# -- order -------------------------------------------------------------------------------------------------------------


def _ordered(found: Mask, scores: Floats | None, question: Question, tables: Tables) -> list[int]:
    """Rows of the page asked for, in order; missing dates and numbers stand last, ties in order of NCT id."""
    rows = np.flatnonzero(found)
    keys: list[NDArray[np.generic]] = []
    for key, ascending in question.order:
        values = _sort_key(key, scores, question.filters, tables)[rows]
        keys += [np.isnan(values), values if ascending else -values]
    return [int(row) for row in rows[_page(rows, keys, question.offset, question.limit)]]


def _page(rows: NDArray[np.intp], keys: list[NDArray[np.generic]], offset: int, limit: int) -> NDArray[np.intp]:
    """Places in `rows` of the page that sorting them by the keys would give.

    Only what may stand in it is sorted: a walk through a whole registry asks for 600 pages of it, one by one.
    """
    end = min(offset + limit, rows.size)
    if offset >= end:
        return np.zeros(0, np.intp)
    missing, values = keys[0], keys[1]
    first = np.where(missing, np.inf, values)
    lowest, highest = np.partition(first, [offset, end - 1])[[offset, end - 1]]
    near = np.flatnonzero((first >= lowest) & (first <= highest))
    order = np.lexsort([rows[near], *(key[near] for key in reversed(keys))])
    before = int(np.count_nonzero(first < lowest))
    return near[order[offset - before : end - before]]


def _sort_key(key: str, scores: Floats | None, filters: Filters, tables: Tables) -> NDArray[np.float64]:
    """Values to sort all rows by, the largest first; nan where a row has none."""
    columns = tables.columns
    if key == "distance":
        distance = distances(filters, tables.sites, columns.size)
        return np.where(np.isinf(distance), np.nan, -distance)
    if key == "relevance" and scores is not None:
        return scores.astype(np.float64)
    column = columns.enrollment if key == "enrollment" else columns.days(BY_DATE.get(key, key))
    missing = -1 if key == "enrollment" else 0
    return np.where(column == missing, np.nan, column.astype(np.float64))


def points(filters: Filters) -> list[Near]:
    """Points of --near; DistanceUnmeasured where there is none to measure from."""
    asked = filters.get("near")
    found = [node for node in (asked.parts if isinstance(asked, Any) else [asked]) if isinstance(node, Near)]
    if not found:
        raise DistanceUnmeasured
    return found


def distances(filters: Filters, sites: SiteTable, size: int) -> NDArray[np.float64]:
    """Kilometres from the points of --near to each row's nearest site."""
    far = [sites.distances(point.latitude, point.longitude, size) for point in points(filters)]
    distance: NDArray[np.float64] = np.minimum.reduce(far)
    return distance


# -- facets ------------------------------------------------------------------------------------------------------------


def _facets(columns: Columns, asked: Mask, masks: dict[str, Mask]) -> dict[str, list[FacetCount]]:
    found = _and(asked, masks.values())
    return {
        key: _facet(
            columns, key, _and(asked, (m for name, m in masks.items() if name != key)) if key in masks else found
        )
        for key in FACETS
    }


def _facet(columns: Columns, key: str, mask: Mask) -> list[FacetCount]:
    column = columns.values(key)
    counts, without = column.counts(mask)
    having = np.flatnonzero(counts)
    numbers = zip(having.tolist(), counts[having].tolist(), strict=True)
    return told(key, {column.values[code]: count for code, count in numbers}, without)
