"""Documents → one inverted file in memory: who uses which term in which field, how often and where.

Every engine's postings, their scores and similarity's vectors are made from this, so that text is read once.
"""

from array import array
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.analysis import Vocabulary
from index.document import Document
from index.schema import TEXT_FIELDS

Ints: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class InvertedFile:
    """One entry for each (term, row, field), in that order; rows are documents in order of NCT id.

    `term`, `row`, `field`, `count` have one value an entry; `positions[start[i]:start[i + 1]]` are the entry's word
    positions in its field, with one left out between two values of a list. `lengths` is rows × fields, in words.
    """

    rows: int
    terms: list[str]
    surfaces: list[str]
    term: Ints
    row: Ints
    field: NDArray[np.uint8]
    count: Ints
    start: NDArray[np.int64]
    positions: Ints
    lengths: Ints


class Inverter:
    """Takes documents in order of their rows and inverts them at the end."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()
        self._rows = 0
        self._words = array("i")
        self._text_row = array("i")
        self._text_field = array("B")
        self._text_words = array("i")

    def add(self, document: Document) -> None:
        """Analyse a document's texts; its row is the number of documents before it."""
        for field, text in document.texts:
            numbers = self._vocabulary.word_numbers(text)
            self._words.extend(numbers)
            self._text_row.append(self._rows)
            self._text_field.append(field)
            self._text_words.append(len(numbers))
        self._rows += 1

    def finish(self) -> InvertedFile:
        """Sort what was taken by term, row and field."""
        words = np.frombuffer(self._words, np.int32) if self._words else np.zeros(0, np.int32)
        text_row = np.array(self._text_row, np.int32)
        text_field = np.array(self._text_field, np.uint8)
        text_words = np.array(self._text_words, np.int32)
        term = np.array(self._vocabulary.term_of_word, np.int32)[words] if words.size else words
        word_counts = np.bincount(words, minlength=len(self._vocabulary.term_of_word))
        order = np.argsort(term, kind="stable")
        term = term[order]
        row = np.repeat(text_row, text_words)[order]
        field = np.repeat(text_field, text_words)[order]
        positions = _positions(text_row, text_field, text_words)[order]
        first = _firsts(term, row, field)
        start = np.append(np.flatnonzero(first), term.size)
        lengths = np.zeros((self._rows, len(TEXT_FIELDS)), np.int32)
        np.add.at(lengths, (text_row, text_field), text_words)
        return InvertedFile(
            rows=self._rows,
            terms=self._vocabulary.terms,
            surfaces=self._vocabulary.surfaces(word_counts.tolist()),
            term=term[first],
            row=row[first],
            field=field[first],
            count=np.diff(start).astype(np.int32),
            start=start,
            positions=positions,
            lengths=lengths,
        )


def _firsts(*keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Mark where a run of equal keys begins in arrays that are sorted by them."""
    first = np.zeros(keys[0].size, np.bool_)
    first[:1] = True
    for key in keys:
        first[1:] |= key[1:] != key[:-1]
    return first


def _positions(text_row: Ints, text_field: NDArray[np.uint8], text_words: Ints) -> Ints:
    """Position of every word in its row's field: texts of one field follow each other with a gap of one."""
    if not text_row.size:
        return np.zeros(0, np.int32)
    begins = np.cumsum(text_words + 1) - (text_words + 1)
    first = _firsts(text_row, text_field)
    field_begin = np.maximum.accumulate(np.where(first, begins, 0))
    base = np.repeat(begins - field_begin, text_words)
    word_begin = np.repeat(np.cumsum(text_words) - text_words, text_words)
    within = np.arange(word_begin.size) - word_begin
    return (base + within).astype(np.int32)


def runs(term: Ints, row: Ints) -> NDArray[np.int64]:
    """Where each (term, row) begins in arrays sorted by both."""
    return np.flatnonzero(_firsts(term, row))
