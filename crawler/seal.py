"""Checksums of the database file, written when a writer ends cleanly, so that `verify` finds any flipped byte.

The digests in the tables guard every record; the seal also guards what no row owns: page headers, free space, the
other tables. A writer breaks it before it begins, so that a file without a seal is one whose last writer was killed.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from crawler.config import Cache

CHUNK_BYTES = 1 << 20


def _chunks(path: Path) -> Iterator[int]:
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK_BYTES):
            yield zlib.crc32(chunk)


def break_seal(cache: Cache) -> None:
    """Remove the seal, before the first write."""
    cache.seal.unlink(missing_ok=True)


def write_seal(cache: Cache) -> None:
    """Seal the database as it lies on disk; nothing is written where a write-ahead log still waits."""
    log = cache.database.with_name(cache.database.name + "-wal")
    if cache.database.exists() and not (log.exists() and log.stat().st_size):
        draft = cache.seal.with_name(f"{cache.seal.name}.new")  # a kill must not leave half a seal
        draft.write_bytes(msgspec.json.encode(list(_chunks(cache.database))))
        draft.replace(cache.seal)


def broken_chunks(cache: Cache) -> list[int] | None:
    """Offsets in bytes of the chunks that differ from the seal; None where there is no seal to compare with."""
    if not cache.seal.exists():
        return None
    try:
        sealed = msgspec.json.decode(cache.seal.read_bytes(), type=list[int])
    except msgspec.DecodeError:
        return [0]
    now = list(_chunks(cache.database))
    differing = [at for at in range(max(len(sealed), len(now))) if sealed[at : at + 1] != now[at : at + 1]]
    return [at * CHUNK_BYTES for at in differing]
