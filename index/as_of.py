"""The index of the trials as they were held on a day: the current one where it is that, else one built beside it.

docs/decisions/0013-as-of.md says why it is built anew.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.as_of import StoreAsOf
from crawler.config import Cache
from index.build import AUTO, choose_engine, content_digest, current, update
from index.errors import DayUnbuildable, IndexDamaged, IndexUnusable
from index.manifest import NAME, Manifest
from index.search import Index, open_index

KEPT_DAYS = 4  # those asked about last; a reader may still have one of them open
_UNWRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Telling:
    """What a caller is told: that so many trials are being indexed, one by one; that another process does so."""

    building: Callable[[int], AbstractContextManager[Callable[[int], None]]]
    waiting: Callable[[], None]


@contextmanager
def open_as_of(store: StoreAsOf, asked: str, telling: Telling) -> Iterator[Index]:
    """Open the index of the store's day, built first where it isn't there; DayUnbuildable where it can't be.

    An index of a day is a local one: where `asked` is a cluster's engine, the number of trials decides.
    """
    engine = AUTO if asked == "opensearch" else choose_engine(asked)
    held = current(store.cache.index)
    if held is not None and held.change == store.change and engine in {AUTO, held.engine}:
        yield from _opened(store, engine, telling)
        return
    today = Cache(store.cache.folder).index
    now = current(today)
    if now is not None and now.content == content_digest(store.current_versions()):
        with open_index(today, asked, store.raw_as) as index:
            yield index
    elif not store.current_versions():
        with _nothing(store) as index:
            yield index
    else:
        _bring_up(store, engine, telling)
        yield from _opened(store, engine, telling)


def _opened(store: StoreAsOf, engine: str, telling: Telling) -> Iterator[Index]:
    """Open what stands there, which counts as used; what is damaged is built anew, once."""
    root = store.cache.index
    with suppress(OSError):
        os.utime(root / NAME)
    try:
        index = Index.open(root, _manifest(root), store.raw_as)
    except IndexUnusable:
        _bring_up(store, engine, telling, rebuild=True)
        index = Index.open(root, _manifest(root), store.raw_as)
    with index:
        yield index


def _manifest(root: Path) -> Manifest:
    held = current(root)
    if held is None:
        raise IndexDamaged(root, "its manifest went away")
    return held


@contextmanager
def _nothing(store: StoreAsOf) -> Iterator[Index]:
    """Open an index of no trials; it is not worth a place among those that are kept."""
    with TemporaryDirectory() as folder:
        aside = copy(store)
        aside.cache = Cache(Path(folder))
        update(aside, "whoosh", lambda _more: None)
        with open_index(aside.cache.index) as index:
            yield index


def _bring_up(store: StoreAsOf, engine: str, telling: Telling, *, rebuild: bool = False) -> None:
    """Build it, alone; where nothing can be written, one that holds the same versions is good as it is."""
    root = store.cache.index
    try:
        with _lock(store.cache.past, telling):
            if not rebuild and _holds(current(root), store, engine):
                update(store, engine, lambda _more: None)
                return
            with telling.building(len(store.current_versions())) as advance:
                update(store, engine, advance, rebuild=rebuild)
            _forget(store.cache.past, root)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        if rebuild or not _holds(current(root), store, engine):
            raise DayUnbuildable(store.cache.folder, root.name) from None


def _holds(held: Manifest | None, store: StoreAsOf, engine: str) -> bool:
    if held is None or engine not in {AUTO, held.engine}:
        return False
    return held.content == content_digest(store.current_versions())


@contextmanager
def _lock(past: Path, telling: Telling) -> Iterator[None]:
    """Let one process build at a time; it dies with its process."""
    past.mkdir(exist_ok=True)
    with (past / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            telling.waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _forget(past: Path, kept: Path) -> None:
    """Remove the days that were asked about longest ago, and what a kill left."""
    used = {path.parent: path.stat().st_mtime for path in past.glob(f"*/{NAME}") if path.parent != kept}
    last = sorted(used, key=used.__getitem__)[-(KEPT_DAYS - 1) :]
    for path in past.iterdir():
        if path.is_dir() and path != kept and path not in last:
            shutil.rmtree(path, ignore_errors=True)
