"""Vectors as a cluster holds them: a feature a column, nine bits of each weight; and what is asked of them."""

from pathlib import Path

import numpy as np
import pytest

from index.engines.base import Place
from index.engines.opensearch.query import fits, visible
from index.engines.opensearch.spool import Spool
from index.engines.opensearch.vectors import VectorFeatures, nearest
from index.query.tree import All, Ids, Not, Words
from index.search import Index
from index.similar.candidates import AT_ONCE
from index.similar.matrix import Row
from tests.test_opensearch_weights import cut
from tests.vectors import read, titled, write

OLD = [titled(3, "gout pain"), titled(7, "asthma"), titled(9, "gout")]
NEW = [titled(7, "gout and rickets")]


def test_each_trial_has_its_vector(tmp_path: Path) -> None:
    folder = write(tmp_path / "vectors", OLD)
    matrix, features = read(folder, OLD), VectorFeatures(folder, ["NCT00000009", "NCT00000003"])
    for row, nct_id in ((0, "NCT00000003"), (2, "NCT00000009")):
        expected = matrix.row(row)
        found = features.of(nct_id)["vector"]
        assert list(found) == [str(column) for column in expected.columns.tolist()]
        assert list(map(cut, found.values())) == pytest.approx(expected.weights.tolist(), rel=2**-9)


def test_after_an_update_the_newest_counts_and_columns_keep_their_numbers(tmp_path: Path) -> None:
    old = write(tmp_path / "old", OLD)
    new = write(tmp_path / "new", NEW, previous=old)
    before, after = (VectorFeatures(folder, ["NCT00000003", "NCT00000007"]) for folder in (old, new))
    assert after.of("NCT00000003") == before.of("NCT00000003")
    gout = set(before.of("NCT00000003")["vector"]) & set(after.of("NCT00000007")["vector"])
    assert len(gout) == 2  # in the topic and in all text
    assert before.of("NCT00000007").keys() == {"vector"}
    assert not before.of("NCT00000007")["vector"].keys() & after.of("NCT00000007")["vector"].keys()


def test_a_trial_without_words_has_no_field(tmp_path: Path) -> None:
    documents = [titled(3, "gout"), titled(4, "")]
    assert VectorFeatures(write(tmp_path / "vectors", documents), ["NCT00000004"]).of("NCT00000004") == {}


def test_a_question_is_a_clause_a_column_and_the_filter(sample_index: Index) -> None:
    vector = Row(np.array([3, 10], np.int32), np.array([0.5, 0.25]))
    body = nearest(vector, Words(("lupus",)), sample_index.columns, 4)
    [must] = body["query"]["bool"]["must"]
    assert must["bool"]["should"] == [
        {"rank_feature": {"field": "vector.3", "linear": {}, "boost": 0.5}},
        {"rank_feature": {"field": "vector.10", "linear": {}, "boost": 0.25}},
    ]
    told = {"rank_feature": {"field": "BasicSearch.lupus", "linear": {}}}
    assert body["query"]["bool"]["filter"] == [*visible(4), told]


def test_as_many_columns_as_are_asked_at_once_fit_beside_a_filter(sample_index: Index) -> None:
    full = Row(np.arange(AT_ONCE, dtype=np.int32), np.ones(AT_ONCE))
    node = All((*(Words((f"word{number}",)) for number in range(400)), Not(Ids(frozenset(["NCT05300932"])))))
    assert fits(nearest(full, node, sample_index.columns, 1)["query"])


def test_what_is_put_aside_comes_back_batch_by_batch(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    first = spool.add([("NCT00000001", b"{}"), ("NCT00000002", b"[]")])
    second = spool.add([("NCT00000005", b"1")])
    assert spool.nct_ids == ["NCT00000001", "NCT00000002", "NCT00000005"]
    batches = [(path, [tuple(each) for each in made]) for path, made in spool]
    assert batches == [(first, [("NCT00000001", b"{}"), ("NCT00000002", b"[]")]), (second, [("NCT00000005", b"1")])]
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_vectors_lie_beside_an_engines_folder(tmp_path: Path) -> None:
    assert Place(tmp_path / "building-000002" / "opensearch", 2).vectors == tmp_path / "building-000002" / "vectors"
