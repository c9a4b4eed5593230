"""Memory-mapped columns: facet values, dates, numbers, a value or a list a row; rows are in order of NCT id.

Filters, facet counts and sorting are numpy over these, in every engine that lives on this machine.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from crawler.ids import id_of, number_of
from index.document import Document
from index.mapped import Kinds, read_arrays, write_arrays
from index.merge import Merge
from index.schema import DATES, FILTERED

Mask = NDArray[np.bool_]
ARRAYS, VALUES = "arrays", "values.json"
_SINGLE: Kinds = {  # a value a row, or as many as `_WIDTHS` says
    "numbers": np.int64,
    "digests": np.uint8,
    **dict.fromkeys(DATES, np.int32),
    "enrollment": np.int64,
    "ages": np.float64,
}
_KINDS: Kinds = {**_SINGLE, **{f"{key}.{part}": np.int32 for key in FILTERED for part in ("rows", "codes")}}
DIGEST_BYTES = 16  # of a version's digest: enough to tell that a record changed
_WIDTHS = {"digests": DIGEST_BYTES, "ages": 2}


@dataclass(frozen=True)
class ValueColumn:
    """Values of one key: `codes[i]` numbers a value of row `rows[i]`; `values[code]` is its text."""

    values: list[str]
    rows: NDArray[np.int32]
    codes: NDArray[np.int32]

    def matching(self, asked: Iterable[str], *, closed: bool) -> list[str]:
        """Values that are meant: those of a closed list as they stand, of an open one in any case."""
        if closed:
            return list(asked)
        folded = {value.casefold() for value in asked}
        return [value for value in self.values if value.casefold() in folded]

    def mask(self, wanted: Iterable[str], size: int) -> Mask:
        """Rows that have any of the values."""
        number = {value: code for code, value in enumerate(self.values)}
        chosen = np.zeros(len(self.values) + 1, np.bool_)
        for value in wanted:
            chosen[number.get(value, -1)] = True
        chosen[-1] = False
        mask = np.zeros(size, np.bool_)
        mask[self.rows[chosen[self.codes]]] = True
        return mask

    def counts(self, mask: Mask) -> tuple[NDArray[np.int64], int]:
        """How many rows of the mask have each value, and how many have none."""
        kept = mask[self.rows]
        counted = np.bincount(self.codes[kept], minlength=len(self.values))
        having = np.zeros(mask.size, np.bool_)
        having[self.rows[kept]] = True
        return counted, int(mask.sum()) - int(having.sum())


_NOTHING = ValueColumn([], np.zeros(0, np.int32), np.zeros(0, np.int32))


class Columns:
    """The columns of one generation, opened where they lie: all at once, so that a reader keeps its generation."""

    def __init__(self, folder: Path) -> None:
        arrays = read_arrays(folder / ARRAYS, _KINDS)
        self.single: dict[str, NDArray[Any]] = {name: arrays[name] for name in _SINGLE}
        for name, width in _WIDTHS.items():
            self.single[name] = arrays[name].reshape(-1, width)
        vocabularies = msgspec.json.decode((folder / VALUES).read_bytes(), type=dict[str, list[str]])
        self._values = {
            key: ValueColumn(vocabularies[key], arrays[f"{key}.rows"], arrays[f"{key}.codes"]) for key in FILTERED
        }

    @property
    def digests(self) -> NDArray[np.uint8]:
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
    def numbers(self) -> NDArray[np.int64]:
        """The ids' numbers, ascending."""
        return self.single["numbers"]

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.single["numbers"].size)

    def row(self, nct_id: str) -> int | None:
        """Row of a trial, None where it has none."""
        number = number_of(nct_id)
        row = int(np.searchsorted(self.numbers, number))
        return row if row < self.size and int(self.numbers[row]) == number else None

    def rows(self, numbers: Sequence[int]) -> NDArray[np.int32] | None:
        """Rows of trials by their ids' numbers, None where one has none."""
        wanted = np.array(numbers, np.int64)
        rows = np.searchsorted(self.numbers, wanted)
        held = self.numbers.take(rows, mode="clip") if self.size else np.zeros(0, np.int64)
        return rows.astype(np.int32) if np.array_equal(held, wanted) else None

    def values(self, key: str) -> ValueColumn:
        """Values of a facet or filter key."""
        return self._values[key]

    def days(self, key: str) -> NDArray[np.int32]:
        """Days (YYYYMMDD, 0 for none) by a key of `schema.DATES`."""
        return self.single[key]

    @property
    def enrollment(self) -> NDArray[np.int64]:
        """Number of participants, -1 for none."""
        return self.single["enrollment"]

    @property
    def ages(self) -> NDArray[np.float64]:
        """Rows × (youngest, oldest) in years; no bound is 0 and infinity."""
        return self.single["ages"]


class ColumnWriter:
    """Collects columns from documents in order of their rows."""

    def __init__(self, previous: "Columns | None" = None) -> None:
        """Begin with nothing, or with the rows of the columns before, whose codes then go on."""
        self._previous = previous
        self._removed: set[int] = set()
        self._numbers = array("q")
        self._digests = bytearray()
        self._codes: dict[str, dict[str, int]] = {
            key: {} if previous is None else {value: code for code, value in enumerate(previous.values(key).values)}
            for key in FILTERED
        }
        self._pairs = {key: (array("i"), array("i")) for key in FILTERED}
        self._days = {key: array("i") for key in DATES}
        self._enrollment = array("q")
        self._ages = array("d")

    def remove(self, nct_ids: Iterable[str]) -> None:
        """Leave out rows of the columns before; a changed document is removed, then added."""
        self._removed.update(number_of(nct_id) for nct_id in nct_ids)

    def add(self, document: Document, digest: bytes) -> dict[str, list[int]]:
        """Take one document's values and its version's digest; the codes of its values by key."""
        row = len(self._numbers)
        self._numbers.append(number_of(document.nct_id))
        self._digests += digest[:DIGEST_BYTES]
        coded = {}
        for key, (rows, codes) in self._pairs.items():
            known = self._codes[key]
            own = coded[key] = [known.setdefault(value, len(known)) for value in document.values[key]]
            rows.extend([row] * len(own))
            codes.extend(own)
        for key, days in self._days.items():
            days.append(document.days[key])
        self._enrollment.append(-1 if document.enrollment is None else document.enrollment)
        youngest, oldest = document.ages
        self._ages.extend((youngest or 0.0, float("inf") if oldest is None else oldest))
        return coded

    def write(self, folder: Path) -> Merge:
        """Write the columns into a new folder; how the rows before and the new ones lie in them."""
        folder.mkdir(parents=True)
        previous = self._previous
        new = self._arrays()
        before = np.zeros(0, np.int64) if previous is None else previous.numbers
        merge = Merge.of(before, self._removed, new["numbers"])
        arrays = {
            name: merge.rows(values[:0] if previous is None else previous.single[name], values)
            for name, values in new.items()
        }
        for key, (rows, codes) in self._pairs.items():
            column = _NOTHING if previous is None else previous.values(key)
            taken, arrays[f"{key}.rows"] = merge.lines(column.rows, np.array(rows, np.int32))
            arrays[f"{key}.codes"] = np.concatenate([column.codes, np.array(codes, np.int32)])[taken]
        write_arrays(folder / ARRAYS, _KINDS, arrays)
        vocabularies = {key: list(known) for key, known in self._codes.items()}
        (folder / VALUES).write_bytes(msgspec.json.encode(vocabularies))
        return merge

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """New rows' values of which a row has one."""
        return {
            "numbers": np.array(self._numbers, np.int64),
            "digests": np.frombuffer(bytes(self._digests), np.uint8).reshape(-1, DIGEST_BYTES),
            **{key: np.array(days, np.int32) for key, days in self._days.items()},
            "enrollment": np.array(self._enrollment, np.int64),
            "ages": np.array(self._ages, np.float64).reshape(-1, 2),
        }
