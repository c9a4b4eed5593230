from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.normalise import normalise
from index.document import Document, document
from index.inverted import InvertedFile, Inverter, joined, ordered
from index.schema import NUMBER_OF_PIECE, TEXT_FIELDS
from tests.records import raw

TITLE, CONDITION = NUMBER_OF_PIECE["BriefTitle"], NUMBER_OF_PIECE["Condition"]


def doc(*texts: tuple[int, str]) -> Document:
    record = raw()
    return replace(document(normalise(record), record), texts=list(texts))


def inverted(*documents: Document) -> InvertedFile:
    inverter = Inverter()
    for each in documents:
        inverter.add(each)
    return inverter.finish()


def entries(found: InvertedFile) -> list[tuple[str, int, int, list[int]]]:
    """Term, row, field and positions of every entry, as they lie."""
    return [
        (
            found.terms[found.term[at]],
            int(found.row[at]),
            int(found.field[at]),
            found.positions[found.start[at] : found.start[at + 1]].tolist(),
        )
        for at in range(found.term.size)
    ]


@pytest.fixture
def tiny() -> InvertedFile:
    """Three documents, the second without a text."""
    return inverted(
        doc((TITLE, "Red red wine"), (CONDITION, "red wine"), (CONDITION, ""), (CONDITION, "wines, white")),
        doc(),
        doc((TITLE, "White wine"), (CONDITION, "red")),
    )


def test_each_use_of_a_term_in_a_field_is_an_entry_with_its_positions(tiny: InvertedFile) -> None:
    # Condition of row 0: red=0 wine=1, 2 left out, (nothing) then 3 left out, wines=4 white=5
    assert entries(tiny) == [
        ("red", 0, TITLE, [0, 1]),
        ("red", 0, CONDITION, [0]),
        ("red", 2, CONDITION, [0]),
        ("wine", 0, TITLE, [2]),
        ("wine", 0, CONDITION, [1, 4]),
        ("wine", 2, TITLE, [1]),
        ("white", 0, CONDITION, [5]),
        ("white", 2, TITLE, [0]),
    ]
    assert tiny.count.tolist() == [2, 1, 1, 1, 2, 1, 1, 1]


def test_between_two_values_of_a_list_a_position_is_left_out() -> None:
    found = inverted(doc((CONDITION, "lung cancer"), (CONDITION, "breast cancer")))
    assert entries(found) == [
        ("lung", 0, CONDITION, [0]),
        ("cancer", 0, CONDITION, [1, 4]),
        ("breast", 0, CONDITION, [3]),
    ]


def test_positions_begin_anew_in_each_field_and_each_row() -> None:
    found = inverted(doc((TITLE, "a"), (CONDITION, "a")), doc((CONDITION, "a")), doc((CONDITION, "a")))
    assert [positions for *_, positions in entries(found)] == [[0], [0], [0], [0]]


def test_lengths_count_the_words_of_a_field_without_the_gaps(tiny: InvertedFile) -> None:
    lengths = np.zeros((3, len(TEXT_FIELDS)), np.int32)
    lengths[0, TITLE], lengths[0, CONDITION] = 3, 4
    lengths[2, TITLE], lengths[2, CONDITION] = 2, 1
    assert tiny.rows == 3
    assert tiny.lengths.tolist() == lengths.tolist()


def test_a_term_shows_as_it_is_written_most_often() -> None:
    found = inverted(doc((TITLE, "Trials trial"), (CONDITION, "TRIALS")))
    assert (found.terms, found.surfaces) == (["trial"], ["trials"])


@pytest.mark.parametrize("documents", [[], [doc()], [doc((TITLE, "")), doc((TITLE, " - "))]])
def test_nothing_to_invert_is_an_empty_file(documents: list[Document]) -> None:
    found = inverted(*documents)
    assert (found.rows, entries(found), found.terms) == (len(documents), [], [])
    assert found.lengths.tolist() == [[0] * len(TEXT_FIELDS)] * len(documents)


def test_batches_joined_are_one_inverted_file() -> None:
    documents = [
        doc((TITLE, "lupus of lupus"), (CONDITION, "Lupus"), (CONDITION, "Asthma")),
        doc((TITLE, "asthma")),
        doc(),
        doc((CONDITION, "mumps lupus")),
    ]
    whole = inverted(*documents)
    for cut in range(len(documents) + 1):
        both = joined([inverted(*documents[:cut]), inverted(*documents[cut:])])
        assert entries(both) == entries(whole)
        assert (both.rows, both.terms, both.surfaces) == (whole.rows, whole.terms, whole.surfaces)
        assert both.lengths.tolist() == whole.lengths.tolist()
    assert entries(joined([])) == []


@given(st.lists(st.integers(0, 2**31 - 1) | st.integers(0, 3)))
def test_numbers_are_ordered_equal_ones_as_they_stand(numbers: list[int]) -> None:
    expected = sorted(range(len(numbers)), key=numbers.__getitem__)
    assert ordered(np.array(numbers, np.int32)).tolist() == expected
    assert ordered(np.array(numbers, np.int64)).tolist() == expected
