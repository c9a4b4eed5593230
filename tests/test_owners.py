import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.owners import Owners


def numbers(*each: int) -> NDArray[np.int64]:
    return np.array(each, np.int64)


def test_one_part_with_the_columns_rows_needs_no_map() -> None:
    owners = Owners.of([numbers(3, 5, 9)], numbers(3, 5, 9))
    assert owners.row_maps == (None,)
    assert owners.place(2) == (0, 2)


def test_the_newest_part_has_a_trial_and_what_is_gone_nobody() -> None:
    owners = Owners.of([numbers(3, 5, 9), numbers(4, 5)], numbers(3, 4, 5))
    assert [None if each is None else each.tolist() for each in owners.row_maps] == [[0, -1, -1], [1, 2]]
    assert [owners.place(row) for row in range(3)] == [(0, 0), (1, 0), (1, 1)]


def test_a_trial_without_a_row_has_no_place() -> None:
    with pytest.raises(KeyError):
        Owners.of([numbers(3)], numbers(3)).place(None)


PART = st.lists(st.integers(1, 15), unique=True, max_size=8).map(sorted)


@given(parts=st.lists(PART, min_size=1, max_size=4), living=st.sets(st.integers(1, 15)))
def test_every_row_has_one_owner(parts: list[list[int]], living: set[int]) -> None:
    held = sorted(living & {number for part in parts for number in part})
    owners = Owners.of([numbers(*part) for part in parts], numbers(*held))
    claimed = []
    for part, row_map in zip(parts, owners.row_maps, strict=True):
        rows = range(len(part)) if row_map is None else row_map.tolist()
        claimed += [(number, row) for number, row in zip(part, rows, strict=True) if row >= 0]
    assert sorted(claimed) == [(number, row) for row, number in enumerate(held)]
    for row, number in enumerate(held):
        place, own = owners.place(row)
        assert parts[place][own] == number
        assert all(number not in later for later in parts[place + 1 :])
