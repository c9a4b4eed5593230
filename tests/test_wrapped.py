import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.wrapped import BOLD, DIM, Line, Span, beside, cells, hung, indented, width_of, wrap


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def wrapped(text: str, width: int) -> list[str]:
    return [text_of(line) for line in wrap([Span(text)], width)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, []),
        ("one two", 10, ["one two"]),
        ("one two three", 7, ["one two", "three"]),
        ("  one \n two ", 10, ["one two"]),
        ("ACTIVE_NOT_RECRUITING", 14, ["ACTIVE_NOT_", "RECRUITING"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("日本語", 4, ["日本", "語"]),
    ],
)
def test_words_are_kept_whole_where_a_line_has_room(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_each_word_keeps_its_style() -> None:
    (line,) = wrap([Span("a b", BOLD), Span("c; "), Span("d", DIM)], 20)
    assert line == [Span("a", BOLD), Span(" ", BOLD), Span("b", BOLD), Span("c;"), Span(" "), Span("d", DIM)]


@given(
    st.lists(st.builds(Span, st.text("abc _-/é日 \n") | st.text(), st.sampled_from([BOLD, DIM]))), st.integers(2, 30)
)
def test_no_line_is_too_wide_and_nothing_is_lost(spans: list[Span], width: int) -> None:
    lines = wrap(spans, width)
    assert all(width_of(line) <= width for line in lines)
    kept = "".join(text_of(line) for line in lines)
    assert "".join(kept.split()) == "".join("".join(span.text for span in spans).split())


def test_cells_count_what_a_terminal_takes() -> None:
    assert [cells(text) for text in ("ab", "é", "e\u0301", "日本")] == [2, 1, 1, 4]


def test_columns_stand_beside_each_other() -> None:
    left, right = [[Span("a")], [Span("bc")]], [[Span("d")]]
    assert [text_of(line) for line in beside([left, right], 3, 2)] == ["a    d", "bc"]
    assert [text_of(line) for line in beside([[], right], 3, 2)] == ["     d"]


def test_lines_hang_behind_their_mark_and_empty_ones_stay_empty() -> None:
    lines = [[Span("a")], [Span("b")]]
    assert [text_of(line) for line in hung(Span("• ", BOLD), lines)] == ["• a", "  b"]
    assert [text_of(line) for line in indented([*lines, []], 2)] == ["  a", "  b", ""]
