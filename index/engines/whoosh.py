"""The embedded engine: Whoosh's files, ready-made terms, scores worked out when it is built.

A Whoosh field for each search area holds rows and scores, so that a query only adds up; word positions stand once, in
a field of their own, with the field's number in front, so that any area's phrases can be read from it. Whoosh's own
pool would sort ten million postings in Python that lie here sorted already: it is given them as they lie.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from whoosh import fields, formats, index
from whoosh.reading import TermNotFound

from crawler.ids import number_of
from index.answered import answered
from index.document import Card
from index.engines.base import Answer, Entry, Place, Question
from index.evaluate import Evaluator
from index.inverted import Ints, InvertedFile, Mask, joined, runs
from index.kinds import LONG
from index.links import link_tree
from index.mapped import Kinds, read_arrays, write_arrays
from index.owners import Owners
from index.postings import NOTHING, POSITION_BITS, Part, Posting, Postings
from index.query.tree import Node, Words
from index.schema import AREAS
from index.scoring import Statistics, area_postings
from index.tables import Tables

POSITIONS = "positions"
_BLOCK_POSTINGS = 1024  # Whoosh's 128 is for skipping, which is not done here; larger blocks unpack faster
_NUMBERS = "numbers"  # of the NCT ids of a part's rows, ascending
_KINDS: Kinds = {_NUMBERS: LONG}
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

    def __init__(self, inverted: InvertedFile, statistics: Statistics) -> None:
        self._inverted = inverted
        self._statistics = statistics
        self._spelled = [term.encode() for term in inverted.terms]

    def iter_postings(self) -> Iterator[tuple[str, bytes, int, float, bytes]]:
        """Yield (field, term, row, weight, value) in Whoosh's order: by field, term, row."""
        order = sorted(range(len(self._spelled)), key=self._spelled.__getitem__)
        scored = {_name(area): postings for area, postings in area_postings(self._inverted, self._statistics).items()}
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
    """Writes one part: an index of one segment; with what stood before it hard-linked beside it."""

    def __init__(self, place: Place) -> None:
        self._folder = place.folder
        self._previous = place.previous
        self._batches: list[InvertedFile] = []
        self._cards: list[Card] = []
        self._numbers: list[int] = []

    def add(self, entries: Sequence[Entry], inverted: InvertedFile) -> None:
        """Take the next documents: they are written at the end, since scores need all of them."""
        self._batches.append(inverted)
        self._cards += [entry.document.card for entry in entries]
        self._numbers += [number_of(entry.document.nct_id) for entry in entries]

    def remove(self, nct_ids: Collection[str]) -> None:
        """Leave it to the reader: what the columns don't have, or a later part has too, is nobody's."""

    def complete(self) -> None:
        """All of it is done at the end."""

    def finish(self) -> None:
        """Write the part."""
        self._folder.mkdir(parents=True)
        parts = 0
        if self._previous is not None:
            parts = len(part_folders(self._previous))
            link_tree(self._previous, self._folder)
            if not self._cards:
                return
        inverted = joined(self._batches)
        statistics = Statistics.of(inverted) if self._previous is None else Statistics.read(self._folder)
        if self._previous is None:
            statistics.write(self._folder)
        self._write(self._folder / f"part-{parts + 1:06d}", inverted, statistics)

    def _write(self, folder: Path, inverted: InvertedFile, statistics: Statistics) -> None:
        from whoosh.codec.whoosh3 import W3Codec  # noqa: PLC0415 - what only a build needs
        from whoosh.writing import SegmentWriter  # noqa: PLC0415

        folder.mkdir()
        write_arrays(folder / _NUMBERS, _KINDS, {_NUMBERS: np.array(self._numbers, np.int64)})
        codec = W3Codec(blocklimit=_BLOCK_POSTINGS, compression=_COMPRESSION)
        writer = SegmentWriter(index.create_in(str(folder), _schema()), codec=codec, compound=False)
        for card in self._cards:
            writer.add_document(card=msgspec.msgpack.encode(card))
        setattr(writer, "pool", _SortedPostings(inverted, statistics))  # noqa: B010 - typed as Whoosh's own pool
        writer.commit(merge=False)

    def abandon(self) -> None:
        """Nothing outlives the folder."""


class WhooshFile:
    """Reads the postings of one part."""

    def __init__(self, folder: Path) -> None:
        try:
            self._reader = index.open_dir(str(folder), readonly=True).reader()
        except index.EmptyIndexError as error:
            raise FileNotFoundError(str(error)) from None
        if self._reader.doc_count_all():
            self._reader.stored_fields(0)  # opens the cards' file, so that a reader keeps its generation
        self.numbers: NDArray[np.int64] = read_arrays(folder / _NUMBERS, _KINDS)[_NUMBERS]

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

    def card(self, row: int) -> Card:
        """What an answer shows of a row."""
        return _CARD.decode(self._reader.stored_fields(row)["card"])

    def close(self) -> None:
        """Let go of files."""
        self._reader.close()


class WhooshEngine:
    """Answers from Whoosh's postings and the columns."""

    def __init__(self, folder: Path, tables: Tables) -> None:
        self._tables = tables
        self._files = [WhooshFile(part) for part in part_folders(folder)]
        self._owners = Owners.of([file.numbers for file in self._files], tables.columns.numbers)
        self._row_maps = self._owners.row_maps

    def _postings(self, phrases: Mapping[Words, Ints]) -> Postings:
        known: tuple[Mapping[Words, Ints], ...] = (phrases, *({} for _ in self._files[1:]))
        parts = [Part(file, found) for file, found in zip(self._files, known, strict=True)]
        return Postings(parts, self._row_maps, self._tables.columns.size)

    def answer(self, question: Question) -> Answer:
        """Answer a question."""
        postings = self._postings(question.phrases())
        evaluator = Evaluator(postings, self._tables, (question.node, *question.filters.values()))
        return answered(question, self._tables, evaluator, lambda: postings.scores(question.node, evaluator.held))

    def mask(self, node: Node) -> Mask:
        """Rows of the columns for which a tree holds."""
        return Evaluator(self._postings({}), self._tables, (node,)).mask(node)

    def frequency(self, term: str) -> int:
        """How many trials hold a term anywhere."""
        return int(self._postings({}).rows(Words((term,))).size)

    def cards(self, nct_ids: Sequence[str]) -> list[Card]:
        """What an answer shows of some trials, in their order."""
        places = (self._owners.place(self._tables.columns.row(nct_id)) for nct_id in nct_ids)
        return [self._files[part].card(row) for part, row in places]

    def close(self) -> None:
        """Let go of files."""
        for file in self._files:
            file.close()


def part_folders(folder: Path) -> list[Path]:
    """Parts of an index, the oldest first; FileNotFoundError where there is none."""
    found = sorted(folder.glob("part-*"))
    if not found:
        raise FileNotFoundError(folder / "part-000001")
    return found


def writer(place: Place) -> WhooshWriter:
    """Make the writer that `index.engines` asks for."""
    return WhooshWriter(place)


def reader(folder: Path, tables: Tables) -> WhooshEngine:
    """Open the engine that `index.engines` asks for."""
    return WhooshEngine(folder, tables)
