"""Which generation an index is at, what made it, and a checksum of every file of it.

The manifest is replaced atomically, last: a reader sees the old generation or the new one, whole.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from index.analysis import ANALYSIS_VERSION
from index.errors import IndexDamaged, IndexMissing, IndexOutdated
from index.schema import INDEX_VERSION

NAME = "manifest.json"


class Manifest(msgspec.Struct, frozen=True):
    """What an index is. `change` is the store's change number that it holds.

    `files` maps paths to SHA-256, `sizes` to bytes. `updates` were made since the last rebuild, `updated` trials came
    or went by them.
    """

    index_version: int
    analysis_version: int
    engine: str
    generation: int
    documents: int
    updates: int
    updated: int
    change: int
    content: str
    data_timestamp: str | None
    built_at: str
    files: dict[str, str]
    sizes: dict[str, int] = {}  # of indexes from before there were any: none

    @property
    def folder(self) -> str:
        """Name of the generation's folder."""
        return f"generation-{self.generation:06d}"


class _Sealed(msgspec.Struct):
    """The manifest's own bytes with their checksum."""

    sha256: str
    manifest: msgspec.Raw


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest; IndexMissing, IndexDamaged or IndexOutdated where it can't serve."""
    path = folder / NAME
    try:
        sealed = msgspec.json.decode(path.read_bytes(), type=_Sealed)
        body = bytes(sealed.manifest)
        if hashlib.sha256(body).hexdigest() != sealed.sha256:
            raise IndexDamaged(path, "its checksum differs")
        manifest = msgspec.json.decode(body, type=Manifest)
    except FileNotFoundError:
        raise IndexMissing(folder) from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IndexDamaged(path, str(error)) from None
    if manifest.index_version != INDEX_VERSION:
        raise IndexOutdated(f"by another version of trialkin (layout {manifest.index_version}, not {INDEX_VERSION})")
    if manifest.analysis_version != ANALYSIS_VERSION:
        raise IndexOutdated(f"with another analysis ({manifest.analysis_version}, not {ANALYSIS_VERSION})")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest atomically."""
    body = msgspec.json.encode(manifest)
    sealed = _Sealed(hashlib.sha256(body).hexdigest(), msgspec.Raw(body))
    draft = folder / f"{NAME}.new"
    with draft.open("wb") as handle:
        handle.write(msgspec.json.encode(sealed))
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(folder / NAME)


def checksums(folder: Path, before: Path | None = None, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path in it.

    A file that is shared with the folder `before` keeps the checksum `known` of it.
    """
    summed = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        shared = before is not None and known is not None and name in known and _same(path, before / name)
        summed[name] = known[name] if shared and known is not None else _sha256(path)
    return summed


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file below a folder, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def check_sizes(folder: Path, written: Mapping[str, int]) -> None:
    """Raise IndexDamaged where a file was cut off or grew: engines read such files as far as they go."""
    for name, size in written.items():
        held = (folder / name).stat().st_size
        if held != size:
            raise IndexDamaged(folder / name, f"it has {held} bytes, not {size}")


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
