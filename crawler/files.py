"""Records from files: json, jsonl, gz, zip, the site's own download, standard input.

A source is read by what it holds, not by its name: gzip and zip are told by their first bytes. What can't be read is
a value with a reason, so that one bad member stops nothing.
"""

import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, cast

import msgspec

from crawler.arrays import ArrayCut, elements
from crawler.config import BODY_LIMIT_BYTES
from crawler.record import RawRecord

_GZIP, _ZIP, _BOM = b"\x1f\x8b", b"PK\x03\x04", b"\xef\xbb\xbf"
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# RuntimeError is what zipfile says to a member under a password or packed in a way that it doesn't know.
_NOT_WHOLE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True)
class Unread:
    """Something in a source that is no record, and why."""

    source: str
    reason: str


class _Page(msgspec.Struct):
    """The API's page of studies, as people save it."""

    studies: list[msgspec.Raw]


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
            # A pipe can't be rewound after a look at its first bytes.
            yield from _read_stream(handle if handle.seekable() else io.BytesIO(handle.read()), source)
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
    except _NOT_WHOLE as error:
        yield place, Unread(place, f"the compressed data is cut short or damaged ({error})")


def _read_zip(stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    with zipfile.ZipFile(stream) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        for member in members:
            where = f"{place}:{member.filename}"
            try:
                with archive.open(member) as unpacked:
                    yield from _read_text(unpacked, where)
            except _NOT_WHOLE as error:
                yield where, Unread(where, f"can't be unpacked ({error})")


def _read_text(stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    """Tell one record a line from one JSON value over many lines by whether the first line is a whole object."""
    number, first = 1, stream.readline(BODY_LIMIT_BYTES).removeprefix(_BOM)
    while first and not first.strip():
        number, first = number + 1, stream.readline(BODY_LIMIT_BYTES)
    if not first:
        yield place, Unread(place, "is empty")
    elif _is_object(first):
        yield from _lines(chain([first], iter(lambda: stream.readline(BODY_LIMIT_BYTES), b"")), number, place)
    elif first.lstrip().startswith(b"["):
        yield from _elements(first, stream, place)
    else:
        yield from _value(first + stream.read(), number, place)


def _elements(first: bytes, stream: IO[bytes], place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    """Read an array of records, which may be larger than memory; what came before a break in it counts."""
    try:
        for at, piece in enumerate(elements(first, stream), 1):
            yield f"{place}:{at}", RawRecord(piece)
    except ArrayCut as error:
        yield place, Unread(place, f"not JSON of a known shape ({error})")


def _is_object(line: bytes) -> bool:
    try:
        return line.lstrip().startswith(b"{") and isinstance(msgspec.json.decode(line), dict)
    except _NOT_JSON:
        return False


def _lines(lines: Iterable[bytes], number: int, place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    """Read a record or a page a line; `number` is the first line's."""
    for at, line in enumerate(lines, number):
        text = line.strip()
        if _is_page(text):
            yield from _value(text, at, f"{place}:{at}")
        elif text:
            yield f"{place}:{at}", RawRecord(text)


def _value(body: bytes, number: int, place: str) -> Iterator[tuple[str, RawRecord | Unread]]:
    """Read one JSON value: a record or a page. What is none may be lines of which the first is bad."""
    text = body.strip()
    try:
        pieces = _pieces(text)
    except _NOT_JSON as error:
        lines = body.splitlines()
        if any(b'"protocolSection"' in line and _is_object(line) for line in lines):
            yield from _lines(lines, number, place)
        else:
            yield place, Unread(place, f"not JSON of a known shape ({error})")
        return
    if pieces is None:
        yield place, RawRecord(text)
        return
    for at, piece in enumerate(pieces, 1):
        yield f"{place}:{at}", RawRecord(bytes(piece).strip())


def _is_page(text: bytes) -> bool:
    """Tell the API's page from a record, by which of their names comes first."""
    before, found, _ = text.partition(b'"studies"')
    return bool(found) and b'"protocolSection"' not in before


def _pieces(text: bytes) -> list[msgspec.Raw] | None:
    """Cut a page into its records; None where the value is something else, a record we hope."""
    if _is_page(text):
        return _PAGE.decode(text).studies
    msgspec.json.decode(text)
    return None
