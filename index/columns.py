"""Memory-mapped columns: facet values, dates, numbers, a value or a list a row; rows are in order of NCT id.

Filters, facet counts and sorting are numpy over these, in every engine that lives on this machine. Without numpy they
tell what values there are, and of how many rows: all that a search of words needs of them.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crawler.ids import id_of, number_of
from index.kinds import ARRAYS, COLUMN_KINDS, SINGLE_KINDS, VALUES
from index.mapped import Arrays, read_arrays
from index.schema import FILTERED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.inverted import Mask

DIGEST_BYTES = 16  # of a version's digest: enough to tell that a record changed
_WIDTHS = {"digests": DIGEST_BYTES, "ages": 2}


class ValueColumn:
    """Values of one key: `codes[i]` numbers a value of row `rows[i]`; `values[code]` is its text."""

    def __init__(self, values: list[str], arrays: Arrays, key: str) -> None:
        self.values = values
        self._arrays = arrays
        self._key = key

    @property
    def rows(self) -> "NDArray[np.int32]":
        """Row of each entry, ascending."""
        return self._arrays[f"{self._key}.rows"]

    @property
    def codes(self) -> "NDArray[np.int32]":
        """Number of each entry's value."""
        return self._arrays[f"{self._key}.codes"]

    def matching(self, asked: Iterable[str], *, closed: bool) -> list[str]:
        """Values that are meant: those of a closed list as they stand, of an open one in any case."""
        if closed:
            return list(asked)
        folded = {value.casefold() for value in asked}
        return [value for value in self.values if value.casefold() in folded]

    def mask(self, wanted: Iterable[str], size: int) -> "Mask":
        """Rows that have any of the values."""
        import numpy as np

        number = {value: code for code, value in enumerate(self.values)}
        chosen = np.zeros(len(self.values) + 1, np.bool_)
        for value in wanted:
            chosen[number.get(value, -1)] = True
        chosen[-1] = False
        mask = np.zeros(size, np.bool_)
        mask[self.rows[chosen[self.codes]]] = True
        return mask

    def counts(self, mask: "Mask") -> "tuple[NDArray[np.int64], int]":
        """How many rows of the mask have each value, and how many have none."""
        import numpy as np

        kept = mask[self.rows]
        counted = np.bincount(self.codes[kept], minlength=len(self.values))
        having = np.zeros(mask.size, np.bool_)
        having[self.rows[kept]] = True
        return counted, int(mask.sum()) - int(having.sum())


class Columns:
    """The columns of one generation, opened where they lie: all at once, so that a reader keeps its generation."""

    def __init__(self, folder: Path) -> None:
        self._arrays = read_arrays(folder / ARRAYS, COLUMN_KINDS)
        if any(self._arrays.sizes[name] % width for name, width in _WIDTHS.items()):
            raise ValueError(f"{folder / ARRAYS} breaks off within a row")
        vocabularies = msgspec.json.decode((folder / VALUES).read_bytes(), type=dict[str, list[str]])
        self._values = {key: ValueColumn(vocabularies[key], self._arrays, key) for key in FILTERED}

    @cached_property
    def single(self) -> "dict[str, NDArray[Any]]":
        """Columns that have a value a row, or as many as `_WIDTHS` says."""
        return {
            name: self._arrays[name].reshape(-1, _WIDTHS[name]) if name in _WIDTHS else self._arrays[name]
            for name in SINGLE_KINDS
        }

    @property
    def digests(self) -> "NDArray[np.uint8]":
        """Rows × `DIGEST_BYTES`: the beginning of the digest of the version that a row was made from."""
        return self.single["digests"]

    def digest(self, nct_id: str) -> bytes:
        """The beginning of the digest of the version that a trial's row was made from; empty where it has no row."""
        row = self.row(nct_id)
        return b"" if row is None else self.digests[row].tobytes()

    @cached_property
    def ids(self) -> list[str]:
        """NCT id of each row."""
        return [id_of(number) for number in self.numbers.tolist()]

    def nct_id(self, row: int) -> str:
        """NCT id of one row: a page of ten need not spell all."""
        return id_of(int(self.numbers[row]))

    @property
    def numbers(self) -> "NDArray[np.int64]":
        """The ids' numbers, ascending."""
        return self.single["numbers"]

    @property
    def size(self) -> int:
        """Number of rows."""
        return self._arrays.sizes["numbers"]

    def row(self, nct_id: str) -> int | None:
        """Row of a trial, None where it has none."""
        number = number_of(nct_id)
        row = int(self.numbers.searchsorted(number))
        return row if row < self.size and int(self.numbers[row]) == number else None

    def rows(self, numbers: Sequence[int]) -> "NDArray[np.int32] | None":
        """Rows of trials by their ids' numbers, None where one has none."""
        import numpy as np

        wanted = np.array(numbers, np.int64)
        rows = np.searchsorted(self.numbers, wanted)
        held = self.numbers.take(rows, mode="clip") if self.size else np.zeros(0, np.int64)
        return rows.astype(np.int32) if np.array_equal(held, wanted) else None

    def values(self, key: str) -> ValueColumn:
        """Values of a facet or filter key."""
        return self._values[key]

    def days(self, key: str) -> "NDArray[np.int32]":
        """Days (YYYYMMDD, 0 for none) by a key of `schema.DATES`."""
        return self.single[key]

    @property
    def enrollment(self) -> "NDArray[np.int64]":
        """Number of participants, -1 for none."""
        return self.single["enrollment"]

    @property
    def ages(self) -> "NDArray[np.float64]":
        """Rows × (youngest, oldest) in years; no bound is 0 and infinity."""
        return self.single["ages"]
