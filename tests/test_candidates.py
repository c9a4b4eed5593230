"""The best rows among those that an engine names: asked by the heaviest columns, scored exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.inverted import Floats, Ints
from index.similar import candidates
from index.similar.candidates import ranked
from index.similar.matrix import CUT, SAMPLE, Matrix, Query, Row, heaviest
from tests.vectors import read, titled, write

WORDS = [f"gene{number}" for number in range(40)]
DOCUMENTS = [
    titled(number, " ".join(word for place, word in enumerate(WORDS) if number % (place + 2) == 0) or "nothing")
    for number in range(1, 1201)
]
NOTHING = Query(np.zeros(0, np.int32), np.zeros(0), ())


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return read(write(Path(tmp_path_factory.mktemp("vectors")) / "vectors", DOCUMENTS), DOCUMENTS)


@dataclass
class Far:
    """What an engine would tell of a matrix: scores with an error of 0.2 %; and what it was asked."""

    matrix: Matrix
    allowed: NDArray[np.bool_]
    asked: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, vector: Row, count: int) -> tuple[Ints, Floats]:
        self.asked.append((vector.columns.size, count))
        everything = np.arange(self.matrix.size)
        near = self.matrix.scores(vector, everything) * np.where(everything % 2, 1.002, 0.998)
        near[~self.allowed] = 0
        order = np.lexsort((everything, -near))
        order = order[near[order] > 0][:count]
        return order.astype(np.int32), near[order].astype(np.float32)


def everything_but(*rows: int) -> NDArray[np.bool_]:
    allowed = np.ones(len(DOCUMENTS), np.bool_)
    allowed[list(rows)] = False
    return allowed


@pytest.mark.parametrize("limit", [0, 1, 10, 100, 700, 1200])
@pytest.mark.parametrize("rows", [[0], [719], [839, 1199], [11, 12, 13]])
def test_the_ranking_is_the_matrix_own(matrix: Matrix, rows: Sequence[int], limit: int) -> None:
    query, allowed = matrix.query(list(rows)), everything_but(*rows)
    assert ranked(matrix, query, Far(matrix, allowed), limit) == matrix.ranked(query, allowed, limit)


def test_the_heaviest_columns_are_asked_for_and_once_is_mostly_enough(matrix: Matrix) -> None:
    far, query = Far(matrix, everything_but(719)), matrix.query([719])
    ranked(matrix, query, far, 1)
    [(columns, count)] = far.asked
    assert count == SAMPLE
    assert columns == heaviest(query, CUT).columns.size < query.columns.size


def test_few_that_may_be_chosen_are_found_by_light_columns_too(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "AT_ONCE", 5)
    query = matrix.query([719])
    allowed = np.zeros(len(DOCUMENTS), np.bool_)
    allowed[[1, 2, 3, 5, 8]] = True
    far = Far(matrix, allowed)
    assert ranked(matrix, query, far, 10) == matrix.ranked(query, allowed, 10)
    assert all(columns <= 5 for columns, _ in far.asked)  # so many fit into one question
    assert sum(columns for columns, _ in far.asked[1:]) == query.columns.size


def test_it_is_not_asked_for_ever_to_be_sure(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST", 100)
    far, query = Far(matrix, everything_but(719)), matrix.query([719])
    ranked(matrix, query, far, 50)
    assert len(far.asked) == 1


def test_what_shares_nothing_is_not_asked_about(matrix: Matrix) -> None:
    far = Far(matrix, everything_but())
    assert ranked(matrix, NOTHING, far, 10).rows == []
    assert far.asked == []
