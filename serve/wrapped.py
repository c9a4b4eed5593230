"""Pure: styled text in lines of a given width. A width is in a terminal's cells: a wide letter takes two."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

DIM, BOLD, PLAIN = "dim", "bold", ""
_PIECES = re.compile(r".+?(?:[_/,;)-]+(?=\w)|$)", re.DOTALL)  # where a word too long for a line may break


@dataclass(frozen=True)
class Span:
    """A text in one style: DIM, BOLD or PLAIN."""

    text: str
    style: str = PLAIN


Line: TypeAlias = list[Span]


def cells(text: str) -> int:
    """Count the cells that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text
    )


def width_of(line: Sequence[Span]) -> int:
    """Count the cells that a line takes."""
    return sum(cells(span.text) for span in line)


def wrap(spans: Iterable[Span], width: int) -> list[Line]:
    """Break styled text into lines of at most so many cells, between words, within one only where it is longer."""
    lines: list[Line] = []
    left = 0
    for word in _words(spans, width):
        size = width_of(word)
        if not lines or size + 1 > left:
            lines.append(list(word))
            left = width - size
        else:
            # The space takes the style of what follows where that of both is one.
            style = word[0].style if lines[-1][-1].style == word[0].style else PLAIN
            lines[-1] += [Span(" ", style), *word]
            left -= size + 1
    return lines


def _words(spans: Iterable[Span], width: int) -> Iterator[Line]:
    """Give words, pieces of words longer than a line apart."""
    word: Line = []
    for span in spans:
        first, *others = re.split(r"\s+", span.text)
        word += [Span(first, span.style)] if first else []
        for text in others:
            if word:
                yield from _cut(word, width)
            word = [Span(text, span.style)] if text else []
    if word:
        yield from _cut(word, width)


def _cut(word: Line, width: int) -> Iterator[Line]:
    if width_of(word) <= width:
        yield word
        return
    piece: Line = []
    for span in word:
        for text in _pieces(span.text, width):
            if piece and width_of(piece) + cells(text) > width:
                yield piece
                piece = []
            piece.append(Span(text, span.style))
    yield piece


def _pieces(text: str, width: int) -> Iterator[str]:
    for piece in _PIECES.findall(text):
        begin, size = 0, 0
        for place, letter in enumerate(piece):
            if size + cells(letter) > width and place > begin:
                yield piece[begin:place]
                begin, size = place, 0
            size += cells(letter)
        yield piece[begin:]


def beside(columns: Sequence[Sequence[Line]], width: int, gap: int) -> list[Line]:
    """Put columns of lines, each of one width, beside each other with a gap between."""
    height = max(map(len, columns), default=0)
    return [
        _row([column[place] if place < len(column) else [] for column in columns], width, gap)
        for place in range(height)
    ]


def _row(parts: Sequence[Line], width: int, gap: int) -> Line:
    row: Line = []
    for number, part in enumerate(parts):
        missing = number * (width + gap) - width_of(row)
        if part:
            row += [Span(" " * missing)] if missing else []
            row += part
    return row


def indented(lines: Iterable[Line], size: int) -> Iterator[Line]:
    """Move lines to the right by so many cells; empty ones stay empty."""
    for line in lines:
        yield [Span(" " * size), *line] if line else []


def hung(mark: Span, lines: Iterable[Line]) -> Iterator[Line]:
    """Put a mark before the first line, and as much room before the others."""
    for number, line in enumerate(lines):
        yield [Span(" " * cells(mark.text)) if number else mark, *line]
