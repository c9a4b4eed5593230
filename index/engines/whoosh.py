"""The embedded engine: Whoosh's files, ready-made terms, scores worked out when it is built.

A Whoosh field for each search area holds rows and scores, so that a query only adds up; word positions stand once, in
a field of their own, with the field's number in front, so that any area's phrases can be read from it. Whoosh's own
pool would sort ten million postings in Python that lie here sorted already: it is given them as they lie.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from whoosh import fields, formats, index
from whoosh.reading import TermNotFound

from index.document import Card
from index.engines.base import NOTHING, POSITION_BITS, Posting
from index.inverted import InvertedFile, runs
from index.schema import AREAS
from index.scoring import area_postings

POSITIONS = "positions"
_BLOCK_POSTINGS = 1024  # Whoosh's 128 is for skipping, which is not done here; larger blocks unpack faster
_COMPRESSION = 1  # zlib: level 3 saves 4 % of the files and takes a third longer

_CARD = msgspec.msgpack.Decoder(Card)


class _Packed(formats.Format):
    """Positions as little-endian 32-bit numbers."""


class _Area(fields.FieldType):
    """Rows and scores."""

    def __init__(self) -> None:
        self.format = formats.Existence()
        self.stored = False
        self.scorable = False
        self.analyzer = None


class _Positions(_Area):
    """Where words stand."""

    def __init__(self) -> None:
        super().__init__()
        self.format = _Packed()


def _schema() -> Any:  # noqa: ANN401 - Whoosh has no types
    named = {_name(area): _Area() for area in AREAS}
    return fields.Schema(card=fields.STORED(), **named, **{POSITIONS: _Positions()})


def _name(area: str) -> str:
    return area.lower()


class _SortedPostings:
    """Stands in for Whoosh's posting pool: the inverted file, as it lies."""

    def __init__(self, inverted: InvertedFile) -> None:
        self._inverted = inverted
        self._spelled = [term.encode() for term in inverted.terms]

    def iter_postings(self) -> Iterator[tuple[str, bytes, int, float, bytes]]:
        """Yield (field, term, row, weight, value) in Whoosh's order: by field, term, row."""
        order = sorted(range(len(self._spelled)), key=self._spelled.__getitem__)
        scored = {_name(area): postings for area, postings in area_postings(self._inverted).items()}
        for name in sorted([*scored, POSITIONS]):
            if name == POSITIONS:
                yield from self._positions(order)
                continue
            area = scored.pop(name)
            begins = np.searchsorted(area.term, np.arange(len(order) + 1)).tolist()
            rows, weights = area.row.tolist(), area.weight.tolist()
            for term in order:
                spelled = self._spelled[term]
                for at in range(begins[term], begins[term + 1]):
                    yield name, spelled, rows[at], weights[at], b""

    def _positions(self, order: list[int]) -> Iterator[tuple[str, bytes, int, float, bytes]]:
        inverted = self._inverted
        field = np.repeat(inverted.field.astype(np.uint32), inverted.count)
        packed = memoryview((inverted.positions.astype(np.uint32) | field << POSITION_BITS).astype("<u4").tobytes())
        begins = runs(inverted.term, inverted.row)
        term_begins = np.searchsorted(inverted.term[begins], np.arange(len(order) + 1)).tolist()
        rows = inverted.row[begins].tolist()
        bytes_at = (4 * np.append(inverted.start[begins], inverted.positions.size)).tolist()
        for term in order:
            spelled = self._spelled[term]
            for at in range(term_begins[term], term_begins[term + 1]):
                yield POSITIONS, spelled, rows[at], 1.0, bytes(packed[bytes_at[at] : bytes_at[at + 1]])

    def cleanup(self) -> None:
        """Whoosh asks its pool to remove its temporary files; there are none."""


class WhooshWriter:
    """Writes one Whoosh index of one segment."""

    def write(self, folder: Path, inverted: InvertedFile, cards: list[Card]) -> None:
        """Write postings and cards into a new folder."""
        from whoosh.codec.whoosh3 import W3Codec  # noqa: PLC0415 - what only a build needs
        from whoosh.writing import SegmentWriter  # noqa: PLC0415

        folder.mkdir(parents=True)
        codec = W3Codec(blocklimit=_BLOCK_POSTINGS, compression=_COMPRESSION)
        writer = SegmentWriter(index.create_in(str(folder), _schema()), codec=codec, compound=False)
        for card in cards:
            writer.add_document(card=msgspec.msgpack.encode(card))
        setattr(writer, "pool", _SortedPostings(inverted))  # noqa: B010 - typed as Whoosh's own pool
        writer.commit(merge=False)


class WhooshEngine:
    """Reads one Whoosh index."""

    def __init__(self, folder: Path) -> None:
        try:
            self._reader = index.open_dir(str(folder), readonly=True).reader()
        except index.EmptyIndexError as error:
            raise FileNotFoundError(str(error)) from None
        if self._reader.doc_count_all():
            self._reader.stored_fields(0)  # opens the cards' file, so that a reader keeps its generation

    def _matcher(self, name: str, term: str) -> Any | None:  # noqa: ANN401 - Whoosh has no types
        try:
            return self._reader.postings(name, term.encode())
        except TermNotFound:
            return None

    def posting(self, area: str, term: str) -> Posting:
        """Rows and scores of a term in an area; empty where it stands nowhere."""
        matcher = self._matcher(_name(area), term)
        if matcher is None:
            return NOTHING
        rows, weights = [], []
        while matcher.is_active():
            rows.append(matcher.id())
            weights.append(matcher.weight())
            matcher.next()
        return Posting(np.array(rows, np.int32), np.array(weights, np.float32))

    def positions(self, term: str) -> NDArray[np.uint64]:
        """Everywhere a term stands: `row << 32 | field number << POSITION_BITS | position`, ascending."""
        matcher = self._matcher(POSITIONS, term)
        rows: list[int] = []
        packed: list[bytes] = []
        while matcher is not None and matcher.is_active():
            rows.append(matcher.id())
            packed.append(matcher.value())
            matcher.next()
        counts = np.array([len(value) // 4 for value in packed], np.int64)
        within = np.frombuffer(b"".join(packed), "<u4").astype(np.uint64)
        return np.repeat(np.array(rows, np.uint64) << np.uint64(32), counts) | within

    def cards(self, rows: list[int]) -> list[Card]:
        """What an answer shows of some rows."""
        return [_CARD.decode(self._reader.stored_fields(row)["card"]) for row in rows]

    def close(self) -> None:
        """Let go of files."""
        self._reader.close()


def writer() -> WhooshWriter:
    """Make the writer that `index.engines` asks for."""
    return WhooshWriter()


def reader(folder: Path) -> WhooshEngine:
    """Open the engine that `index.engines` asks for."""
    return WhooshEngine(folder)
