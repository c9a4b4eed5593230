"""Collects the columns of a new generation from its documents, with the rows that stay of the one before."""

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from crawler.ids import number_of
from index.columns import DIGEST_BYTES, Columns
from index.document import Document
from index.kinds import ARRAYS, COLUMN_KINDS, VALUES
from index.mapped import write_arrays
from index.merge import Merge
from index.schema import DATES, FILTERED

_NOTHING = np.zeros(0, np.int32)


class ColumnWriter:
    """Collects columns from documents in order of their rows."""

    def __init__(self, previous: Columns | None = None) -> None:
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
            column = None if previous is None else previous.values(key)
            rows_before, codes_before = (_NOTHING, _NOTHING) if column is None else (column.rows, column.codes)
            taken, arrays[f"{key}.rows"] = merge.lines(rows_before, np.array(rows, np.int32))
            arrays[f"{key}.codes"] = np.concatenate([codes_before, np.array(codes, np.int32)])[taken]
        write_arrays(folder / ARRAYS, COLUMN_KINDS, arrays)
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
