"""Named arrays in one file, memory-mapped: what an index opens costs a few files, not fifty.

Threads may read files at once, which numpy's own loader does not bear: it parses headers as Python, by turns or not.
"""

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Kinds: TypeAlias = Mapping[str, type[np.generic]]
_ALIGNED = 8  # bytes: every array begins where any number may lie
_Sizes: TypeAlias = dict[str, Annotated[int, msgspec.Meta(ge=0)]]


def write_arrays(path: Path, kinds: Kinds, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write one array of each kind, in their order, after the length of a table and the table of their sizes."""
    table = msgspec.json.encode({name: arrays[name].size for name in kinds})
    table += b" " * (-len(table) % _ALIGNED)
    with path.open("wb") as file:
        file.write(len(table).to_bytes(_ALIGNED, "little") + table)
        for name, kind in kinds.items():
            array = arrays[name].astype(kind, casting="safe", copy=False)
            append(array, file)
            file.write(bytes(-array.nbytes % _ALIGNED))


def append(array: NDArray[Any], file: BinaryIO) -> None:
    """Write an array's bytes; OSError where there is no room for them, which numpy's own writing may keep to itself."""
    file.write(np.ascontiguousarray(array).data)


def read_arrays(path: Path, kinds: Kinds) -> dict[str, NDArray[Any]]:
    """Map the arrays of a file; ValueError where it has others, or is not as long as its table says."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    at = _ALIGNED + int.from_bytes(mapped[:_ALIGNED], "little")
    sizes = msgspec.json.decode(mapped[_ALIGNED:at], type=_Sizes)
    if list(sizes) != list(kinds):
        raise ValueError(f"{path} has {', '.join(sizes)}, not {', '.join(kinds)}")
    arrays = {}
    for name, kind in kinds.items():
        arrays[name] = np.frombuffer(mapped, kind, sizes[name], at)
        at += arrays[name].nbytes + -arrays[name].nbytes % _ALIGNED
    if at != len(mapped):
        raise ValueError(f"{path} has {len(mapped)} bytes, not {at}")
    return arrays
