import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.merge import Merge

NUMBERS = st.lists(st.integers(1, 40), unique=True, max_size=12).map(sorted)


@given(before=NUMBERS, removed=st.sets(st.integers(1, 40)), more=NUMBERS)
def test_rows_and_lines_are_those_of_a_sorted_table(before: list[int], removed: set[int], more: list[int]) -> None:
    new = [number for number in more if number in removed or number not in before]
    merge = Merge.of(np.array(before, np.int64), removed, np.array(new, np.int64))
    kept = [number for number in before if number not in removed]
    expected = sorted(kept + new)
    assert merge.rows(np.array(before, np.int64), np.array(new, np.int64)).tolist() == expected
    # a row has as many lines as its number's last digit; a line is written as (number, place)
    lines_before = [(number, place) for number in before for place in range(number % 10)]
    lines_new = [(number, place) for number in new for place in range(number % 10)]
    taken, rows = merge.lines(
        np.array([before.index(number) for number, _ in lines_before], np.int32),
        np.array([new.index(number) for number, _ in lines_new], np.int32),
    )
    told = [(lines_before + lines_new)[at] for at in taken.tolist()]
    assert told == [(number, place) for number in expected for place in range(number % 10)]
    assert rows.tolist() == [expected.index(number) for number, _ in told]
