"""Vectors written part by part: a whole collection streamed through, or an update of what stands before.

In a folder: `contents.json` (which parts, and of how many rows the statistics are), `frequency`, `vocabulary`, and the
parts, oldest first. An update links the files of the folder before and adds a part; its statistics are the last whole
build's. A trial in several parts counts in the newest, one that the columns don't have counts in none.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.inverted import Ints, InvertedFile
from index.kinds import FREQUENCY_KINDS
from index.links import link
from index.mapped import append, read_arrays, write_arrays
from index.similar import keys as entries
from index.similar.contents import FREQUENCY, VOCABULARY, Contents
from index.similar.groups import GROUPS
from index.similar.keys import PART_ROWS, Keys, halved, packed
from index.similar.merging import mergeable, merged
from index.similar.parts import Part, write_part
from index.similar.traits import GROUP
from index.similar.vocabulary import Vocabulary
from index.similar.weights import Counts, Scale, Statistics, counted, weighed

_MOST = 0xFFFF  # of a count: it has 16 bits, and more would say no more


class _Gathered:
    """Counts of up to `PART_ROWS` rows, on disk until the statistics are known; a piece a batch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: list[NDArray[np.int64]] = []
        self._pieces: list[int] = []
        self.rows = 0

    @property
    def numbers(self) -> NDArray[np.int64]:
        """NCT ids' numbers of the rows."""
        return np.concatenate(self._numbers)

    def add(self, numbers: NDArray[np.int64], counts: Counts) -> None:
        """Take the next rows; theirs are numbered from 0."""
        keys = packed(counts.column, counts.row + np.int32(self.rows), np.minimum(counts.count, _MOST))
        keys.sort()  # weights are summed in this order, whatever the batches
        with self._path.open("ab") as file:
            append(keys, file)
        self._numbers.append(numbers)
        self._pieces.append(keys.size)
        self.rows += numbers.size

    def keys(self, scale: Scale) -> Keys:
        """Entries with their weights, sorted."""
        keys = np.fromfile(self._path, np.uint64)
        for piece in np.split(keys, np.cumsum(self._pieces)[:-1]):
            column, row = entries.columns(piece), entries.rows(piece).astype(np.int32)
            weight = weighed(Counts(column, row, entries.low(piece).astype(np.int32)), self.rows, scale)
            piece[:] = packed(column, row, halved(weight).view(np.uint16))
        keys.sort(kind="stable")  # pieces that are sorted already are merged: a fifth of the time
        return keys

    def remove(self) -> None:
        """Remove what was on disk."""
        self._path.unlink()


class VectorWriter:
    """Takes documents in order of NCT id, batch by batch, each with its own numbers of terms."""

    def __init__(self, folder: Path, previous: Path | None) -> None:
        """Begin a whole build, or an update of the vectors in `previous`, which stay as they are."""
        folder.mkdir(parents=True)
        self._folder, self._previous = folder, previous
        self._held = Contents(0, []) if previous is None else Contents.read(previous)
        self._vocabulary = Vocabulary() if previous is None else Vocabulary.read(previous / VOCABULARY)
        self._known = len(self._vocabulary)
        self._frequency = np.zeros(0, np.int32) if previous is None else _read_frequency(previous)
        self._gathered: list[_Gathered] = []

    def add(self, inverted: InvertedFile, numbers: NDArray[np.int64], traits: Sequence[Sequence[str]]) -> None:
        """Take the next documents: the NCT ids' numbers of the rows, what each has of a design that is no text."""
        counts = self._with_traits(self._renumbered(counted(inverted), inverted), traits)
        if self._previous is None:
            self._count(counts.column)
        begin = 0
        while begin < numbers.size:
            if not self._gathered or self._gathered[-1].rows == PART_ROWS:
                self._gathered.append(_Gathered(self._folder / f"gathered-{len(self._gathered)}"))
            end = min(numbers.size, begin + PART_ROWS - self._gathered[-1].rows)
            self._gathered[-1].add(numbers[begin:end], _some(counts, begin, end))
            begin = end

    def finish(self) -> None:
        """Write the parts."""
        rows = sum(gathered.rows for gathered in self._gathered) if self._previous is None else self._held.rows
        scale = Statistics(rows, self._frequency).scale(len(self._vocabulary) * len(GROUPS))
        kept, small = self._before()
        first = 1 + int(self._held.parts[-1].rpartition("-")[2]) if self._held.parts else 0
        names = [f"part-{number:06d}" for number in range(first, first + len(self._gathered))]
        for name, gathered in zip(names, self._gathered, strict=True):
            write_part(self._folder / name, *merged(small, gathered.numbers, gathered.keys(scale)))
            gathered.remove()
        self._take_over(kept)
        Contents(rows, [*kept, *names]).write(self._folder)

    def _before(self) -> tuple[list[str], list[Part]]:
        """Names of the parts before that stay, and those that the new part takes in, newest first."""
        held = self._held.parts
        if self._previous is None or len(self._gathered) != 1:
            return held, []
        folder = self._previous
        small = mergeable((Part(folder / name) for name in reversed(held)), self._gathered[0].rows)
        return held[: len(held) - len(small)], small

    def _take_over(self, parts: list[str]) -> None:
        """Link what stays of the folder before, write what is new beside the parts."""
        if self._previous is None:
            write_arrays(self._folder / FREQUENCY, FREQUENCY_KINDS, {"rows": self._frequency})
        else:
            for name in (*parts, FREQUENCY):
                link(self._previous / name, self._folder / name)
        if self._previous is None or len(self._vocabulary) > self._known:
            self._vocabulary.write(self._folder / VOCABULARY)
        else:
            link(self._previous / VOCABULARY, self._folder / VOCABULARY)

    def _renumbered(self, counts: Counts, inverted: InvertedFile) -> Counts:
        """Give a batch's columns their numbers in the vocabulary, which learns the terms that it lacks."""
        groups = np.int32(len(GROUPS))
        term = counts.column // groups
        used = np.bincount(term, weights=counts.count, minlength=len(inverted.terms)).astype(np.int64)
        terms = np.flatnonzero(used)
        number = np.zeros(used.size, np.int32)
        number[terms] = self._vocabulary.numbers(
            (inverted.terms[at], inverted.surfaces[at], count)
            for at, count in zip(terms.tolist(), used[terms].tolist(), strict=True)
        )
        return Counts(number[term] * groups + counts.column % groups, counts.row, counts.count)

    def _with_traits(self, counts: Counts, traits: Sequence[Sequence[str]]) -> Counts:
        had = [(row, trait) for row, some in enumerate(traits) for trait in some]
        number = np.array(self._vocabulary.numbers((trait, trait, 1) for _, trait in had), np.int32)
        return Counts(
            np.append(counts.column, number * np.int32(len(GROUPS)) + np.int32(GROUP)),
            np.append(counts.row, np.array([row for row, _ in had], np.int32)),
            np.append(counts.count, np.ones(len(had), np.int32)),
        )

    def _count(self, column: Ints) -> None:
        frequency = np.bincount(column, minlength=len(self._vocabulary) * len(GROUPS)).astype(np.int32)
        frequency[: self._frequency.size] += self._frequency
        self._frequency = frequency


def _some(counts: Counts, begin: int, end: int) -> Counts:
    """Entries of a range of rows, numbered from its beginning."""
    held = (counts.row >= begin) & (counts.row < end)
    return Counts(counts.column[held], counts.row[held] - np.int32(begin), counts.count[held])


def _read_frequency(folder: Path) -> Ints:
    return read_arrays(folder / FREQUENCY, FREQUENCY_KINDS)["rows"]
