"""One generation of an index written aside: tables, words, vectors and the engine's part, from batches of records."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crawler.ids import number_of
from index.batch import Batch
from index.carrier_writer import CarrierWriter
from index.carriers import CARRIERS, CarrierTable
from index.column_writer import ColumnWriter
from index.columns import Columns
from index.engines import engine_writer
from index.engines.base import Entry, Place
from index.learning import Learner, write_synonyms
from index.links import link_tree
from index.memory import give_back
from index.phrases import Phrases
from index.similar.traits import traits
from index.similar.vectors import VectorWriter
from index.sites import SiteTable, SiteWriter
from index.spelling import DictionaryWriter
from index.suggest import NameWriter

WORDS, SPOOL = "words", "spool"
GIVEN_BACK = 16_000  # trials between two times that free memory is given back


class WordsWriter:
    """What is learned of a whole collection: synonyms, names to suggest, a dictionary. It holds until a rebuild."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._phrases = Phrases(spool)
        self._learner = Learner()
        self._names = NameWriter()
        self._dictionary = DictionaryWriter()

    def add(self, batch: Batch) -> None:
        """Take a batch."""
        self._phrases.add(batch.inverted)
        self._learner.merge(batch.learner)
        self._names.add(document.card for document in batch.documents)
        self._dictionary.add(batch.inverted)

    def write(self, folder: Path) -> None:
        """Write all of it into a new folder."""
        folder.mkdir(parents=True)
        find = self._phrases.rows
        write_synonyms(folder, self._learner.finish(find), find)
        self._names.write(folder)
        self._dictionary.write(folder)
        shutil.rmtree(self._spool, ignore_errors=True)


@dataclass(frozen=True)
class Previous:
    """The generation that is brought up to date."""

    folder: Path
    columns: Columns
    sites: SiteTable
    carriers: CarrierTable

    @classmethod
    def at(cls, folder: Path) -> "Previous":
        """Open it."""
        return cls(folder, Columns(folder / "columns"), SiteTable(folder / "sites"), CarrierTable.at(folder / CARRIERS))


class GenerationWriter:
    """Writes one generation into a folder of its own, anew or from the previous one."""

    def __init__(
        self, aside: Path, engine: str, generation: int, address: str | None, previous: Previous | None
    ) -> None:
        self._aside = aside
        self._previous = previous
        before = None if previous is None else previous.folder
        self._columns = ColumnWriter(None if previous is None else previous.columns)
        self._sites = SiteWriter()
        self._carriers = CarrierWriter(None if previous is None else previous.carriers)
        self._words = WordsWriter(aside / SPOOL) if previous is None else None
        self._vectors = VectorWriter(aside / "vectors", None if before is None else before / "vectors")
        self._engine = engine_writer(
            engine, Place(aside / engine, generation, None if before is None else before / engine, address)
        )
        self.documents = 0 if previous is None else previous.columns.size

    def remove(self, nct_ids: Collection[str]) -> None:
        """Take trials out that the previous generation has; a changed one is removed, then added."""
        self._columns.remove(nct_ids)
        self._carriers.remove(nct_ids)
        self._engine.remove(nct_ids)
        self.documents -= len(nct_ids)

    def add(self, batch: Batch, digests: Mapping[str, bytes]) -> None:
        """Take the next trials, in order of NCT id, with the digests of their versions."""
        entries = []
        for document, texts in zip(batch.documents, batch.texts, strict=True):
            codes = self._columns.add(document, digests[document.nct_id])
            self._sites.add(document.sites)
            self._carriers.add(document.nct_id, document.key_hashes)
            entries.append(Entry(document, codes, texts))
        self._engine.add(entries, batch.inverted)
        numbers = np.array([number_of(document.nct_id) for document in batch.documents], np.int64)
        self._vectors.add(batch.inverted, numbers, [traits(document) for document in batch.documents])
        if self._words is not None:
            self._words.add(batch)
        before, self.documents = self.documents, self.documents + len(entries)
        if before // GIVEN_BACK != self.documents // GIVEN_BACK:
            give_back()

    def finish(self) -> None:
        """Write what is still in memory."""
        self._engine.complete()
        merge = self._columns.write(self._aside / "columns")
        self._sites.write(self._aside / "sites", merge, None if self._previous is None else self._previous.sites)
        self._carriers.write(self._aside / CARRIERS)
        self._vectors.finish()
        if self._words is not None:
            self._words.write(self._aside / WORDS)
        elif self._previous is not None:
            link_tree(self._previous.folder / WORDS, self._aside / WORDS)
        self._engine.finish()

    def abandon(self) -> None:
        """Leave nothing behind but files in its own folder."""
        self._engine.abandon()
