"""The terms of the vectors, numbered as they come, and the word that each is shown as."""

import sys
from collections.abc import Collection, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from index.kinds import VOCABULARY_KINDS
from index.mapped import File, read_arrays, write_arrays


class Vocabulary:
    """Terms ↔ numbers while vectors are written; a term is shown as the batch that used it most wrote it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._surfaces: list[str] = []
        self._most: list[int] = []

    @classmethod
    def read(cls, path: Path) -> Self:
        """Go on from a written one, whose words stay as they are."""
        terms, surfaces = _words(path)
        made = cls()
        made._numbers = {term: number for number, term in enumerate(terms)}
        made._surfaces = surfaces
        made._most = [sys.maxsize] * len(surfaces)
        return made

    def __len__(self) -> int:
        return len(self._surfaces)

    def numbers(self, words: Iterable[tuple[str, str, int]]) -> list[int]:
        """Number terms, given with the word that each is written as and how often they were used."""
        numbers = []
        for term, surface, count in words:
            number = self._numbers.setdefault(term, len(self._surfaces))
            numbers.append(number)
            if number == len(self._surfaces):
                self._surfaces.append(surface)
                self._most.append(count)
            elif count > self._most[number]:
                self._surfaces[number] = surface
                self._most[number] = count
        return numbers

    def write(self, path: Path) -> None:
        """Write terms and words."""
        spelled = [surface.encode() for surface in self._surfaces]
        write_arrays(
            path,
            VOCABULARY_KINDS,
            {
                "terms": np.frombuffer("\n".join(self._numbers).encode(), np.uint8),
                "surfaces": np.frombuffer(b"".join(spelled), np.uint8),
                "begins": np.cumsum([0, *(len(word) for word in spelled)], dtype=np.int64),
            },
        )


def _words(path: Path) -> tuple[list[str], list[str]]:
    arrays = read_arrays(path, VOCABULARY_KINDS)
    terms, surfaces, begins = (arrays[name] for name in ("terms", "surfaces", "begins"))
    text, ends = surfaces.tobytes(), begins.tolist()
    shown = [text[begin:end].decode() for begin, end in pairwise(ends)]
    return terms.tobytes().decode().split("\n") if shown else [], shown


def numbers_of(path: Path | File, terms: Collection[str]) -> tuple[dict[str, int], int]:
    """Numbers of those of some terms that a vocabulary has, and how many it has in all."""
    arrays = read_arrays(path, VOCABULARY_KINDS)
    every = arrays["terms"].tobytes().decode().split("\n") if arrays["begins"].size > 1 else []
    return {term: number for number, term in enumerate(every) if term in terms}, len(every)


class Surfaces:
    """The words that terms are shown as, by the terms' numbers."""

    def __init__(self, path: Path | File) -> None:
        arrays = read_arrays(path, VOCABULARY_KINDS)
        self._text, self._begins = arrays["surfaces"], arrays["begins"]

    def __len__(self) -> int:
        return int(self._begins.size) - 1

    def __getitem__(self, term: int) -> str:
        begin, end = self._begins[term : term + 2].tolist()
        return self._text[begin:end].tobytes().decode()
