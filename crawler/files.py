"""Records from files: json, jsonl, gz, zip, the site's own download, standard input.

A source is read by what it holds, not by its name: gzip and zip are told by their first bytes. What can't be read is
a value with a reason, so that one bad member stops nothing.
"""

import gzip
import io
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import msgspec

from crawler.config import BODY_LIMIT_BYTES
from crawler.record import RawRecord

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Unread:
    """Something in a source that is no record, and why."""

    source: str
    reason: str


class _Page(msgspec.Struct):
    """The API's page of studies, as people save it."""

    studies: list[msgspec.Raw]


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_PAGE = msgspec.json.Decoder(_Page)


def read_source(source: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    """Yield (place, record or the reason why there is none) for one file, or for standard input (`-`).

    The place names the file and, inside it, the member or line.
    """
    try:
        if source == "-":
            yield from _read_stream(io.BytesIO(sys.stdin.buffer.read()), "-")
            return
        with Path(source).open("rb") as handle:
            yield from _read_stream(handle, source)
    except OSError as error:
        yield source, Unread(source, f"can't be read ({error.strerror or error})")


def _read_stream(stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    head = stream.read(4)
    stream.seek(0)
    try:
        if head.startswith(_GZIP):
            with gzip.open(stream) as unpacked:
                yield from _read_text(cast("IO[bytes]", unpacked), place)
        elif head.startswith(_ZIP):
            yield from _read_zip(stream, place)
        else:
            yield from _read_text(stream, place)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield place, Unread(place, f"the compressed data is cut short or damaged ({error})")
    except zipfile.BadZipFile as error:
        yield place, Unread(place, f"not a whole zip file ({error})")


def _read_zip(stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    with zipfile.ZipFile(stream) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        for member in members:
            where = f"{place}:{member.filename}"
            with archive.open(member) as unpacked:
                yield from _read_text(unpacked, where)


def _read_text(stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    """Tell one record a line from one JSON value by whether the first line is a whole record."""
    first = stream.readline(BODY_LIMIT_BYTES)
    if not first.strip():
        rest = stream.read(_HEAD_BYTES)
        if not rest.strip():
            yield place, Unread(place, "is empty")
            return
        first += rest
    if _is_object(first):
        yield from _lines(first, stream, place)
    else:
        yield from _whole(first + stream.read(), place)


def _is_object(line: bytes) -> bool:
    try:
        return line.lstrip().startswith(b"{") and isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _lines(first: bytes, stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    rest = stream.readline(BODY_LIMIT_BYTES)
    if not rest.strip() and b'"studies"' in first:
        yield from _whole(first, place)
        return
    number = 1
    for line in (first, rest):
        if line.strip():
            yield f"{place}:{number}", RawRecord(line.strip())
        number += 1
    while line := stream.readline(BODY_LIMIT_BYTES):
        if line.strip():
            yield f"{place}:{number}", RawRecord(line.strip())
        number += 1


def _whole(body: bytes, place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    text = body.strip()
    try:
        if text.startswith(b"["):
            slices = _LIST.decode(text)
        elif b'"studies"' in text and b'"protocolSection"' not in text[: text.index(b'"studies"')]:
            slices = _PAGE.decode(text).studies
        else:
            msgspec.json.decode(text)
            yield place, RawRecord(text)
            return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield place, Unread(place, f"not JSON of a known shape ({error})")
        return
    for number, piece in enumerate(slices, 1):
        yield f"{place}:{number}", RawRecord(bytes(piece).strip())
