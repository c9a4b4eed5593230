"""The objects of a JSON array as bytes, one by one: a download of the whole registry is 10 GB, more than memory."""

import re
from collections.abc import Iterator
from typing import IO

CHUNK_BYTES = 1 << 20

# A whole string, or what there is of one at the end of a buffer; a bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_QUOTE, _OBJECT = ord('"'), ord("{")
_SPACE = b" \t\r\n"
_BETWEEN = _SPACE + b","


class ArrayCut(ValueError):
    """The array ends before it is closed, or something else stands where it should end or go on."""


def elements(begin: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    """Yield each object of an array whose first bytes are `begin`, byte for byte; ArrayCut where it breaks off.

    Only brackets and strings are looked at; whether an element is JSON is for its reader to say.
    """
    buffer = begin.lstrip(_SPACE)[1:]
    while True:
        cut = 0
        for start, end in _whole(buffer):
            yield buffer[start:end]
            cut = end
        rest = buffer[cut:].lstrip(_BETWEEN)
        if rest.startswith(b"]"):
            if rest[1:].strip() or stream.read(CHUNK_BYTES).strip():
                raise ArrayCut("something follows the array")
            return
        if rest and not rest.startswith(b"{"):
            raise ArrayCut("an array of something else than records")
        more = stream.read(max(CHUNK_BYTES, len(rest)))
        if not more:
            raise ArrayCut("the array is cut short")
        buffer = rest + more


def _whole(buffer: bytes) -> Iterator[tuple[int, int]]:
    """Where the objects lie (from, to) that are whole in a buffer which begins between two of them."""
    depth = begin = end = 0
    for token in _TOKEN.finditer(buffer):
        first = buffer[token.start()]
        if first == _QUOTE:
            if token.end() == len(buffer):
                return
        elif first in b"{[":
            if depth == 0:
                begin = token.start()
                if first != _OBJECT or buffer[end:begin].strip(_BETWEEN):
                    return
            depth += 1
        else:
            depth -= 1
            if depth < 0:
                return
            if depth == 0:
                end = token.end()
                yield begin, end
