import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.document import Document
from index.similar.matrix import Matrix, Row
from tests.naive import DOCUMENTS
from tests.vectors import read, titled, write

ROWS = 1500
WORDS = [f"word{number}" for number in range(400)]


def titles(random: Random) -> list[Document]:
    """Trials of a few common and many rare words, as texts have them; every tenth is the twin of one before."""
    made: list[Document] = []
    for number in range(1, ROWS + 1):
        words = [WORDS[min(int(random.paretovariate(0.4)), len(WORDS)) - 1] for _ in range(random.randint(1, 30))]
        twin = made[random.randrange(len(made))].texts[0][1] if number % 10 == 0 else None
        made.append(titled(number, twin or " ".join(words)))
    return made


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return titles(Random(1))  # noqa: S311 - a fixed sample


@pytest.fixture(scope="module")
def whole(documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return read(write(tmp_path_factory.mktemp("vectors") / "whole", documents), documents)


@pytest.fixture(scope="module")
def in_parts(documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """The same vectors, but some rows lie in later parts, and parts have rows that are gone or were another before."""
    folder = tmp_path_factory.mktemp("vectors")
    gone = [titled(ROWS + number, "word1 word2 gone") for number in range(1, 20)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.similar.vectors.PART_ROWS", 400)
        made = write(folder / "whole", documents, gone)
        patch.setattr("index.similar.vectors.mergeable", lambda _parts, _rows: [])
        other = [titled(int(each.nct_id[3:]), "word3 other") for each in documents[100:200:7]]
        for number, batch in enumerate((other, documents[100:200:7], documents[700:703])):
            made = write(folder / f"updated-{number}", batch, previous=made)
    return read(made, documents)


@pytest.fixture(params=["whole", "in_parts"])
def matrix(request: pytest.FixtureRequest) -> Matrix:
    found: Matrix = request.getfixturevalue(request.param)
    return found


def dense(matrix: Matrix, columns: NDArray[np.int32]) -> NDArray[np.float64]:
    """Rows × some columns."""
    table = np.zeros((matrix.size, columns.size))
    for number in range(matrix.size):
        row = matrix.row(number)
        _, mine, theirs = np.intersect1d(columns, row.columns, return_indices=True)
        table[number, mine] = row.weights[theirs]
    return table


def brute_force(matrix: Matrix, query: Row, allowed: NDArray[np.bool_], limit: int) -> list[tuple[int, float]]:
    scores = dense(matrix, query.columns) @ query.weights
    rows = [row for row in np.lexsort((np.arange(scores.size), -scores)).tolist() if allowed[row] and scores[row] > 0]
    return [(row, scores[row]) for row in rows[:limit]]


def ranked(matrix: Matrix, query: Row, allowed: NDArray[np.bool_], limit: int) -> list[tuple[int, float]]:
    found = matrix.ranked(query, allowed, limit)
    return list(zip(found.rows, found.scores, strict=True))


def approximately(expected: Sequence[tuple[int, float]]) -> list[tuple[int, object]]:
    return [(row, pytest.approx(score)) for row, score in expected]


# -- ranking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 10, 100, 1499])
@pytest.mark.parametrize("row", [0, 100, 107, 699, 701, 1499])
def test_the_best_rows_are_found_with_their_exact_scores(matrix: Matrix, row: int, limit: int) -> None:
    allowed = np.ones(ROWS, np.bool_)
    allowed[row] = False
    query = matrix.query([row])
    # rounding may tell twins apart in a product of matrices, in a sum of the same numbers never
    expected = brute_force(matrix, query, allowed, limit)
    found = ranked(matrix, query, allowed, limit)
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])
    assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))
    assert dict(found).items() <= dict(enumerate(matrix.scores(query, np.arange(ROWS)).tolist())).items()


@settings(deadline=None, max_examples=50)
@given(rows=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=3, unique=True), data=st.data())
def test_a_mask_chooses_and_changes_no_score(whole: Matrix, rows: list[int], data: st.DataObject) -> None:
    share = data.draw(st.sampled_from([0.0, 0.01, 0.2, 0.9]))
    allowed = np.random.default_rng(data.draw(st.integers(0, 99))).random(ROWS) < share
    query = whole.query(rows)
    everything = ranked(whole, query, np.ones(ROWS, np.bool_), ROWS)
    assert ranked(whole, query, allowed, ROWS) == [hit for hit in everything if allowed[hit[0]]]


def test_wherever_rows_lie_scores_are_the_same(whole: Matrix, in_parts: Matrix) -> None:
    # the frequencies of the parts were counted over 19 trials more, which are gone: nearly the same weights
    every = np.arange(ROWS)
    for row in (0, 100, 107, 399, 400, 701, 1499):
        scores = [matrix.scores(matrix.row(row), every) for matrix in (whole, in_parts)]
        assert scores[0] == pytest.approx(scores[1], abs=0.02)


def test_of_many_twins_the_first_rows_are_the_best(tmp_path: Path) -> None:
    twins = [titled(number, "zinc in colds") for number in range(1, 1000)]
    others = [titled(number, f"zinc {WORDS[number % 400]}") for number in range(1000, 2000)]
    matrix = read(write(tmp_path / "v", twins, others), [*twins, *others])
    allowed = np.ones(matrix.size, np.bool_)
    allowed[[3, 5]] = False
    found = matrix.ranked(matrix.query([3]), allowed, 6)
    assert found.rows == [0, 1, 2, 4, 6, 7]
    assert len(set(found.scores)) == 1


def test_what_only_the_lightest_columns_share_is_found(tmp_path: Path) -> None:
    """The query's heavy words are its own: the columns that are read first have no other row."""
    asked = titled(1, "zzz " * 20 + "yyy " * 20 + "trial")
    others = [titled(number, f"trial {WORDS[number % 400]}") for number in range(2, 1001)]
    documents = [asked, *others]
    matrix = read(write(tmp_path / "v", documents), documents)
    allowed = np.ones(matrix.size, np.bool_)
    allowed[0] = False
    query = matrix.query([0])
    assert ranked(matrix, query, allowed, 10) == approximately(brute_force(matrix, query, allowed, 10))
    assert len(ranked(matrix, query, allowed, 2000)) == 999


def test_a_row_without_words_finds_nothing_and_is_not_found(tmp_path: Path) -> None:
    documents = [titled(number, "the of and" if number % 5 == 0 else "zinc") for number in range(1, 300)]
    matrix = read(write(tmp_path / "v", documents), documents)
    allowed = np.ones(matrix.size, np.bool_)
    assert ranked(matrix, matrix.query([4]), allowed, 10) == []
    assert {row % 5 for row, _ in ranked(matrix, matrix.query([0]), allowed, 299)} == {0, 1, 2, 3}


def test_a_row_that_no_part_has_is_like_none(tmp_path: Path) -> None:
    folder = write(tmp_path / "v", DOCUMENTS[:20])
    matrix = read(folder, DOCUMENTS[:21])
    assert matrix.row(20).columns.size == 0
    found = matrix.ranked(matrix.query([0]), np.ones(21, np.bool_), 21)
    assert 20 not in found.rows
    assert len(found.rows) == 20
    assert matrix.scores(matrix.query([0]), np.array([20, 0])).tolist() == [0, found.scores[0]]


def test_nothing_is_found_where_nothing_is_asked_for(whole: Matrix) -> None:
    everything = np.ones(ROWS, np.bool_)
    assert ranked(whole, whole.query([0]), everything, 0) == []
    assert ranked(whole, whole.query([0]), ~everything, 10) == []


# -- means and reasons -----------------------------------------------------------------------------------------------


def test_a_mean_scores_as_the_mean_of_the_scores(matrix: Matrix) -> None:
    every = np.arange(ROWS)
    rows = [3, 107, 1200]
    expected = np.mean([matrix.scores(matrix.row(row), every) for row in rows], axis=0)
    assert matrix.scores(matrix.query(rows), every) == pytest.approx(expected)


def test_what_two_rows_share_sums_to_the_score(matrix: Matrix) -> None:
    query = matrix.row(107)
    for row in (0, 107, 114, 701):
        columns, parts = matrix.shared(query, row)
        assert parts.sum() == pytest.approx(matrix.scores(query, np.array([row]))[0])
        assert set(columns.tolist()) == set(query.columns.tolist()) & set(matrix.row(row).columns.tolist())


# -- generations -----------------------------------------------------------------------------------------------------


def test_an_open_matrix_outlives_its_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "v", DOCUMENTS)
    matrix, again = read(folder, DOCUMENTS), read(folder, DOCUMENTS)
    everything = np.ones(len(DOCUMENTS), np.bool_)
    before = matrix.ranked(matrix.query([0]), everything, 10)
    shutil.rmtree(folder)
    assert again.ranked(again.query([0]), everything, 10) == before
    assert again.surface(int(again.row(0).columns[0]) // 5)
