"""Which trials carry a shared number, looked up in the index without reading every record.

A generation has a hash of each shared key of each trial. A hash only chooses which records are read; they decide.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Self

from crawler.errors import TrialUnknown
from crawler.ids import id_of, number_of
from crawler.links import SharedKey
from crawler.record import RawRecord
from crawler.sharing import MOST_CARRIERS, Carrier, carried
from crawler.store import Store
from index.errors import IndexOutdated, IndexUnusable
from index.kinds import ARRAYS, SHARING_KINDS
from index.manifest import read_manifest
from index.mapped import Arrays, read_arrays

CARRIERS = "carriers"  # the folder


class CarrierTable:
    """A line a key of a trial: its hash, ascending, and the number of the trial's id."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self._hashes, self._trials = arrays.view("hashes"), arrays.view("trials")

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Open it where it lies; OSError or ValueError where it is missing or damaged."""
        return cls(read_arrays(folder / ARRAYS, SHARING_KINDS))

    def trials(self, hashed: int) -> list[int]:
        """Numbers of the trials that have a key of this hash, ascending."""
        begin = bisect_left(self._hashes, hashed)
        return sorted(self._trials[begin : bisect_right(self._hashes, hashed, begin)])


class IndexedCarriers:
    """The carriers among the trials of an index; a few records are read, each once.

    A key that more than MOST_CARRIERS trials have by its hash makes nobody kin and isn't looked at more closely: its
    count is that of the hash.
    """

    def __init__(self, table: CarrierTable, read: Callable[[str], RawRecord | None]) -> None:
        """Take a table, and what reads a living trial's record, None where there is none that can be read."""
        self._table = table
        self._read = read
        self._carried: dict[str, dict[SharedKey, Carrier]] = {}

    def keys(self, ident: str) -> list[SharedKey]:
        """As in Carriers; IndexOutdated where the index lacks one of a record's keys."""
        number, keys = number_of(ident), self._of(ident)
        if any(number not in self._table.trials(key.hashed) for key in keys):
            raise IndexOutdated(f"before the record of {ident}")
        return [key for key in keys if self.count(key) > 1]

    def count(self, key: SharedKey) -> int:
        """As in Carriers."""
        by_hash = len(self._table.trials(key.hashed))
        return by_hash if by_hash > MOST_CARRIERS else len(self.of(key))

    def of(self, key: SharedKey) -> list[Carrier]:
        """As in Carriers."""
        having = (self._of(id_of(number)) for number in self._table.trials(key.hashed))
        return [held[key] for held in having if key in held]

    def _of(self, ident: str) -> dict[SharedKey, Carrier]:
        held = self._carried.get(ident)
        if held is None:
            raw = self._read(ident)
            held = self._carried[ident] = {} if raw is None else carried(raw)
        return held


def indexed_carriers(store: Store) -> IndexedCarriers | None:
    """Open the carriers of a store's index; None where it is missing, damaged or of other records than the store's."""

    def read(ident: str) -> RawRecord | None:
        try:
            return store.raw(ident) if store.fate(ident) == (None, None) else None
        except TrialUnknown:
            return None

    try:
        manifest = read_manifest(store.cache.index)
        table = CarrierTable.at(store.cache.index / manifest.folder / CARRIERS)
    except (IndexUnusable, OSError, ValueError):
        return None
    return IndexedCarriers(table, read) if manifest.change == store.change else None
