"""Padding: tantivy's mean lengths are those of the trials that have a field, and so its scores the definition's."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from crawler.config import Cache
from crawler.normalise import normalise
from crawler.record import RawRecord
from index.analysis import terms
from index.document import document
from index.engines.tantivy.padding import Padding
from index.query.tree import All, Node, Words
from index.schema import CONDITION, PIECES
from index.search import SearchRequest, open_index
from tests import indexes
from tests.conftest import SHARED
from tests.oracle import Oracle

ROWS = st.lists(st.tuples(*(3 * [st.integers(0, 9)])), min_size=1, max_size=8)


def lengths(rows: list[tuple[int, ...]]) -> NDArray[np.int32]:
    """Lengths of a batch that has words in its first three fields alone."""
    made = np.zeros((len(rows), len(PIECES)), np.int32)
    made[:, :3] = rows
    return made


def padded(padding: Padding, rows: list[tuple[int, ...]]) -> NDArray[np.int64]:
    """Words that each trial gets in the first three fields."""
    given_ = [dict(texts) for texts in padding.add(lengths(rows))]
    return np.array([[len(texts.get(field, "").split()) for field in PIECES[:3]] for texts in given_])


def owed(rows: list[tuple[int, ...]]) -> NDArray[np.float64]:
    """What the fields have to get for their means over all rows to be those over the rows that have them."""
    held = np.array(rows)
    having = (held > 0).sum(axis=0)
    missing: NDArray[np.float64] = (len(rows) - having) * held.sum(axis=0) / np.maximum(having, 1)
    return missing


@given(ROWS)
def test_only_fields_without_a_word_are_padded_to_the_mean_of_the_others(rows: list[tuple[int, ...]]) -> None:
    words = padded(Padding(), rows)
    assert not words[np.array(rows) > 0].any()
    assert np.all(np.abs(owed(rows) - words.sum(axis=0)) < 1 + 1e-9)


@given(ROWS, ROWS)
def test_a_later_batch_makes_up_for_what_an_earlier_one_could_not_know(
    first: list[tuple[int, ...]], second: list[tuple[int, ...]]
) -> None:
    padding = Padding()
    before = padded(padding, first).sum(axis=0)
    after = padded(padding, second).sum(axis=0)
    lacking = (np.array(second) == 0).any(axis=0)
    wanted = np.where(lacking, np.maximum(owed(first + second) - before, 0), 0)
    assert np.all(np.abs(wanted - after) < 1 + 1e-9)


@pytest.mark.shared
def test_the_best_ten_of_real_records_are_the_definitions(cache: Cache) -> None:
    with gzip.open(SHARED / "registry" / "v2.jsonl.gz") as lines:
        records = [RawRecord(line.rstrip()) for line in islice(lines, 1000)]
    documents = [document(normalise(record), record) for record in records]
    oracle = Oracle(documents, {})
    indexes.keep(cache, *records)
    indexes.brought_up(cache, "tantivy")
    overlaps: list[float] = []
    with open_index(cache.index) as index:
        for node in queries([each.card.conditions[0] for each in documents[::40] if each.card.conditions]):
            best = list(oracle.scores(node, {}))[:10]
            hits = index.search(SearchRequest(node=node)).hits
            overlaps.append(len({hit.nct_id for hit in hits} & set(best)) / len(best))
    assert len(overlaps) > 30
    assert sum(overlaps) / len(overlaps) > 0.97


def queries(names: list[str]) -> Iterator[Node]:
    """Names by their words, as phrases, and as phrases among the conditions."""
    for name in dict.fromkeys(names):
        words = Words(tuple(terms(name)))
        yield All(tuple(Words((term,)) for term in words.terms))
        yield words
        yield replace(words, area=CONDITION)
