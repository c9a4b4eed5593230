import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.prose import Block, Item, prose


def shape(items: list[Item]) -> list[object]:
    return [[item.text, *shape(item.items)] if item.items else item.text for item in items]


def test_criteria_are_headings_and_lists() -> None:
    text = "Inclusion Criteria:\n\n* Adults\n* Able to consent\n\nExclusion Criteria:\n\n* Pregnant"
    assert prose(text) == [
        Block(lines=["Inclusion Criteria:"]),
        Block(items=[Item("", ["Adults"]), Item("", ["Able to consent"])]),
        Block(lines=["Exclusion Criteria:"]),
        Block(items=[Item("", ["Pregnant"])]),
    ]
    assert [block.is_heading for block in prose(text)] == [True, False, True, False]


def test_lists_nest_by_their_indent_and_keep_their_numbers() -> None:
    (block,) = prose("1. One of:\n\n   * fever\n   * cough\n     a. dry\n2. Two\n10) Ten")
    assert shape(block.items) == [["One of:", "fever", ["cough", "dry"]], "Two", "Ten"]
    assert [item.mark for item in block.items] == ["1.", "2.", "10)"]


def test_a_points_text_may_go_on_in_the_next_line() -> None:
    (block,) = prose("* One\n  goes on\n* Two\nand on")
    assert shape(block.items) == ["One goes on", "Two and on"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [(r"age \>= 18 \[years\]", "age >= 18 [years]"), (r"a \* b", "a * b"), (r"C:\dir", r"C:\dir"), ("<b>", "<b>")],
)
def test_marks_that_the_registry_escapes_stand_as_meant(written: str, shown: str) -> None:
    assert prose(written)[0].text == shown


def test_lines_of_a_paragraph_stay_lines() -> None:
    first, second = prose("One\nTwo\r\n\r\n\r\nThree")
    assert (first.text, second.text) == ("One\nTwo", "Three")


def test_what_only_looks_like_a_list_is_text() -> None:
    (block,) = prose("2.5 mg daily\n-5 degrees\n*not a point")
    assert block.lines == ["2.5 mg daily", "-5 degrees", "*not a point"]


def test_lists_within_lists_have_an_end() -> None:
    text = "\n".join(f"{'  ' * depth}* {depth}" for depth in range(1000))
    depth, items = 0, prose(text)[0].items
    while items:
        depth, items = depth + 1, items[-1].items
    assert depth == 4


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def told(items: list[Item]) -> str:
    return "".join(item.mark + item.text + told(item.items) for item in items)


@given(st.text(st.sampled_from("ab 1.*-)\\>\n\t")) | st.text())
def test_no_letter_is_lost_or_moved(text: str) -> None:
    assert "".join(letters(block.text + told(block.items)) for block in prose(text)) == letters(text)
