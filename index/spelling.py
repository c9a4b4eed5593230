"""Did you mean: for a word that no trial has, the nearest one that several have."""

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.inverted import InvertedFile, runs
from index.kinds import DICTIONARY
from index.mapped import Folder, held

TRIALS = 2  # that must have a word before it is proposed: what one alone writes may be a slip itself
SHORTEST = 4  # letters: of three, every second word is one letter away
LONGEST = 32  # letters that are compared; no word that people search is longer
LONG = 8  # letters from which two slips are forgiven, below it one


class DictionaryWriter:
    """Counts the trials of each term, batch by batch."""

    def __init__(self) -> None:
        self._trials: Counter[str] = Counter()
        self._surfaces: dict[str, tuple[int, str]] = {}  # the word, and in how many trials of its batch it stood for it

    def add(self, inverted: InvertedFile) -> None:
        """Take a batch."""
        trials = np.bincount(inverted.term[runs(inverted.term, inverted.row)], minlength=len(inverted.terms)).tolist()
        for term, surface, count in zip(inverted.terms, inverted.surfaces, trials, strict=True):
            if _comparable(term):
                self._trials[term] += count
                if count > self._surfaces.get(term, (0, ""))[0]:
                    self._surfaces[term] = (count, surface)

    def write(self, folder: Path) -> None:
        """Write terms with the words that people write for them, most frequent first, into a folder that is there."""
        kept = [(term, self._surfaces[term][1]) for term, count in self._trials.most_common() if count >= TRIALS]
        (folder / DICTIONARY).write_bytes(msgspec.json.encode(kept))


def _comparable(term: str) -> bool:
    return term.isalpha() and SHORTEST - 1 <= len(term) <= LONGEST


class Dictionary:
    """Words of one generation: opened at once, so that a reader keeps it, read when a word is asked about."""

    def __init__(self, folder: Path | Folder) -> None:
        self._file = held(folder / DICTIONARY)

    def nearest(self, term: str) -> str | None:
        """Word whose term is the fewest slips away, of equals the most frequent; None where none is near."""
        if not (term.isalpha() and SHORTEST <= len(term) <= LONGEST):
            return None
        forgiven = 2 if len(term) >= LONG else 1
        known = msgspec.json.decode(self._file.read_bytes(), type=list[tuple[str, str]])
        near = [pair for pair in known if abs(len(pair[0]) - len(term)) <= forgiven]
        if not near:
            return None
        slips = distances(term, [spelled for spelled, _ in near])
        best = int(slips.argmin())
        return near[best][1] if slips[best] <= forgiven else None


def distances(word: str, others: list[str]) -> NDArray[np.int16]:
    """Letters to change, put in, leave out or swap with the next, from one word to each of the others."""
    width = max(map(len, others))
    letters = np.array(others, f"<U{width}").view(np.uint32).reshape(len(others), width)
    rows = [np.tile(np.arange(width + 1, dtype=np.int16), (len(others), 1))]
    for at, letter in enumerate(map(ord, word)):
        above = rows[-1]
        row = np.empty_like(above)
        row[:, 0] = at + 1
        differs = (letters != letter).astype(np.int16)
        for column in range(width):
            row[:, column + 1] = np.minimum(
                np.minimum(above[:, column + 1], row[:, column]) + 1, above[:, column] + differs[:, column]
            )
            if at and column:
                swapped = (letters[:, column] == ord(word[at - 1])) & (letters[:, column - 1] == letter)
                np.minimum(row[:, column + 1], rows[-2][:, column - 1] + 1, out=row[:, column + 1], where=swapped)
        rows.append(row)
    ends = np.array([len(other) for other in others])
    found: NDArray[np.int16] = rows[-1][np.arange(len(others)), ends]
    return found
