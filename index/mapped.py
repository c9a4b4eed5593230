"""Named arrays in one file, memory-mapped: what an index opens costs a few files, not fifty.

Threads may read files at once, which numpy's own loader does not bear: it parses headers as Python, by turns or not.
Files are opened and looked over without numpy, which takes as long to load as a short command has in all.
"""

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import calcsize
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeAlias

import msgspec

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kinds: TypeAlias = Mapping[str, str]  # arrays by name, in their order → the code of their values, as numpy writes it
_ALIGNED = 8  # bytes: every array begins where any number may lie
_Sizes: TypeAlias = dict[str, Annotated[int, msgspec.Meta(ge=0)]]


class File:
    """A file as it was when it was opened, whatever becomes of its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def read_bytes(self) -> bytes:
        """All of it."""
        return self.mapped[:]


def held(file: Path | File) -> File:
    """Open a file that is not open yet."""
    return File(file) if isinstance(file, Path) else file


class Folder:
    """Some files of a folder, opened at once; with `/` it gives them as a path gives its own.

    So a reader keeps its generation, though it reads most of it when it is asked for, and never all.
    """

    def __init__(self, path: Path, files: Mapping[str, Kinds | None]) -> None:
        """Open files by name; ValueError where one has other arrays than are given, None for one of another form."""
        self._files = {name: File(path / name) for name in files}
        for name, kinds in files.items():
            if kinds is not None:
                read_arrays(self._files[name], kinds)

    def __truediv__(self, name: str) -> File:
        return self._files[name]


class Arrays(Mapping[str, "NDArray[Any]"]):
    """The arrays of a file; `sizes` tells how many values each has."""

    def __init__(self, file: File, kinds: Kinds) -> None:
        self._mapped = file.mapped
        self._kinds = kinds
        self._made: dict[str, NDArray[Any]] = {}
        at = _ALIGNED + int.from_bytes(self._mapped[:_ALIGNED], "little")
        self.sizes = msgspec.json.decode(self._mapped[_ALIGNED:at], type=_Sizes)
        if list(self.sizes) != list(kinds):
            raise ValueError(f"{file.path} has {', '.join(self.sizes)}, not {', '.join(kinds)}")
        self._begins = {}
        for name, kind in kinds.items():
            self._begins[name] = at
            at += _padded(self.sizes[name] * calcsize(kind))
        if at != len(self._mapped):
            raise ValueError(f"{file.path} has {len(self._mapped)} bytes, not {at}")

    def __getitem__(self, name: str) -> "NDArray[Any]":
        array = self._made.get(name)
        if array is None:
            import numpy as np

            array = np.frombuffer(self._mapped, self._kinds[name], self.sizes[name], self._begins[name])
            self._made[name] = array
        return array

    def view(self, name: str) -> memoryview:
        """An array of whole numbers, without numpy."""
        begin, kind = self._begins[name], self._kinds[name]
        return memoryview(self._mapped)[begin : begin + self.sizes[name] * calcsize(kind)].cast(kind)  # type: ignore[call-overload,no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


def _padded(length: int) -> int:
    return length + -length % _ALIGNED


def write_arrays(path: Path, kinds: Kinds, arrays: "Mapping[str, NDArray[Any]]") -> None:
    """Write one array of each kind, in their order, after the length of a table and the table of their sizes."""
    table = msgspec.json.encode({name: arrays[name].size for name in kinds})
    table += b" " * (-len(table) % _ALIGNED)
    with path.open("wb") as file:
        file.write(len(table).to_bytes(_ALIGNED, "little") + table)
        for name, kind in kinds.items():
            array = arrays[name].astype(kind, casting="safe", copy=False)
            append(array, file)
            file.write(bytes(-array.nbytes % _ALIGNED))


def append(array: "NDArray[Any]", file: BinaryIO) -> None:
    """Write an array's bytes; OSError where there is no room for them, which numpy's own writing may keep to itself."""
    file.write(array.data if array.flags.c_contiguous else array.tobytes())


def read_arrays(file: Path | File, kinds: Kinds) -> Arrays:
    """Map the arrays of a file; ValueError where it has others, or is not as long as its table says."""
    return Arrays(held(file), kinds)
