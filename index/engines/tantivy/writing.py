"""Writes one generation's tantivy index: anew, or from the one before, whose files it shares.

Tantivy never writes a file twice: a commit leaves the segments before it as they are, says in new files which of
their trials are gone, and names all of them in `meta.json`. So hard links keep the older generation as it was.
"""

import shutil
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from tantivy import Index

from crawler.ids import number_of
from index.engines.base import Entry, Place
from index.engines.tantivy.layout import NUMBER, document, schema
from index.engines.tantivy.padding import Padding
from index.engines.tantivy.searching import quietly, reason
from index.errors import IndexDamaged
from index.inverted import InvertedFile
from index.links import link_tree

P = ParamSpec("P")
T = TypeVar("T")

# Text of some 12,000 trials before a segment is written. One thread: two would leave two segments, which are slower to
# ask and stand in no order between them, and the pipeline before it is what a build waits for.
HEAP_BYTES, THREADS = 400_000_000, 1

_REWRITTEN = frozenset(("meta.json", ".managed.json"))


class TantivyWriter:
    """Writes one index; OSError where it can't."""

    def __init__(self, place: Place) -> None:
        self._folder = place.folder
        self._folder.mkdir(parents=True)
        self._schema = schema()
        self._padding = Padding()
        index = self._new() if place.previous is None else self._shared(place.previous)
        self._writer = _written(index.writer, HEAP_BYTES, THREADS)
        self._thread = ThreadPoolExecutor(1)  # started when it is needed
        self._commit: Future[int] | None = None

    def _new(self) -> Index:
        return _written(Index, self._schema, str(self._folder), reuse=False, sort_by_field=NUMBER)

    def _shared(self, previous: Path) -> Index:
        try:
            _share(previous, self._folder)
            return quietly(Index.open, str(self._folder))
        except (OSError, ValueError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise IndexDamaged(previous, reason(error)) from None

    def add(self, entries: Sequence[Entry], inverted: InvertedFile) -> None:
        """Take the next documents."""
        for entry, padding in zip(entries, self._padding.add(inverted.lengths), strict=True):
            _written(self._writer.add_document, document(entry, padding, self._schema))

    def remove(self, nct_ids: Collection[str]) -> None:
        """Take trials out; those of the same id that are added later stay."""
        for nct_id in nct_ids:
            _written(self._writer.delete_documents_by_term, NUMBER, number_of(nct_id))

    def complete(self) -> None:
        """Begin to commit, which for ten thousand trials is a second of the library's own work."""
        self._commit = self._committing()

    def _committing(self) -> "Future[int]":
        return self._thread.submit(_written, self._writer.commit)

    def finish(self) -> None:
        """Commit, which brings every file to the disk itself."""
        commit = self._commit or self._committing()
        self._thread.shutdown()
        commit.result()
        _written(self._writer.wait_merging_threads)
        _unlock(self._folder)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._thread.shutdown()
        del self._writer  # its threads end with it
        shutil.rmtree(self._folder, ignore_errors=True)


def _share(previous: Path, folder: Path) -> None:
    """Link an index's files into a new folder; what tantivy replaces is copied, its locks are its own."""
    link_tree(previous, folder)
    for name in _REWRITTEN:
        (folder / name).unlink()
        shutil.copyfile(previous / name, folder / name)
    _unlock(folder)


def _unlock(folder: Path) -> None:
    """Remove the locks that tantivy leaves, which are empty files."""
    for lock in folder.glob("*.lock"):
        lock.unlink()


def _written(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the library; what its threads could not write it tells later, of anything."""
    try:
        return quietly(call, *args, **kwargs)
    except ValueError as error:
        raise OSError(f"tantivy could not write the index ({reason(error)})") from None
