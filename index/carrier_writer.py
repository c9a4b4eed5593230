"""Collects who carries which shared key for a new generation, with the lines that stay of the one before."""

from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from crawler.ids import number_of
from index.carriers import CarrierTable
from index.kinds import ARRAYS, SHARING_KINDS
from index.mapped import write_arrays


class CarrierWriter:
    """Collects keys' hashes from trials in any order."""

    def __init__(self, previous: CarrierTable | None = None) -> None:
        """Begin with nothing, or with the lines of the table before."""
        self._previous = previous
        self._removed: set[int] = set()
        self._hashes = array("q")
        self._trials = array("i")

    def remove(self, nct_ids: Iterable[str]) -> None:
        """Leave out trials of the table before; a changed one is removed, then added."""
        self._removed.update(map(number_of, nct_ids))

    def add(self, nct_id: str, hashes: Iterable[int]) -> None:
        """Take a trial's keys."""
        before = len(self._hashes)
        self._hashes.extend(hashes)
        self._trials.extend([number_of(nct_id)] * (len(self._hashes) - before))

    def write(self, folder: Path) -> None:
        """Write the table into a new folder."""
        folder.mkdir(parents=True)
        hashes, trials = np.array(self._hashes, np.int64), np.array(self._trials, np.int32)
        order = np.argsort(hashes, kind="stable")
        if self._previous is not None:
            before = self._previous.arrays
            stays = ~np.isin(before["trials"], np.fromiter(self._removed, np.int32, len(self._removed)))
            hashes = np.concatenate([before["hashes"][stays], hashes[order]])
            trials = np.concatenate([before["trials"][stays], trials[order]])
            order = np.argsort(hashes, kind="stable")  # which merges what is two sorted runs
        write_arrays(folder / ARRAYS, SHARING_KINDS, {"hashes": hashes[order], "trials": trials[order]})
