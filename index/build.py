"""Trials → a new generation of the index: streamed in, written aside, counted, then switched to."""

import gc
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from crawler.database import utc_now
from crawler.normalise import normalise
from crawler.store import Store
from index.analysis import ANALYSIS_VERSION
from index.columns import ColumnWriter
from index.document import Card, document
from index.engines import ENGINES, engine_writer
from index.errors import EngineUnknown, IndexDamaged, IndexUnusable
from index.inverted import Inverter
from index.manifest import Manifest, checksums, read_manifest, write_manifest
from index.phrases import Phrases
from index.schema import INDEX_VERSION
from index.similar.matrix import write_matrix
from index.similar.vectors import vectors
from index.sites import SiteWriter
from index.spelling import write_dictionary
from index.suggest import write_names
from index.synonyms import Learner, write_synonyms

AUTO = "auto"
KEPT_GENERATIONS = 2  # the current one and the one that readers may still have open


def choose_engine(asked: str) -> str:
    """Name the engine for what was asked (`auto` or a name); EngineUnknown otherwise."""
    if asked == AUTO:
        return "whoosh"
    if asked not in ENGINES:
        raise EngineUnknown(asked, (AUTO, *ENGINES))
    return asked


def content_digest(versions: dict[str, bytes]) -> str:
    """Digest of which record of which trial an index holds."""
    told = "".join(f"{nct_id}:{digest.hex()}\n" for nct_id, digest in versions.items())
    return hashlib.sha256(told.encode()).hexdigest()


def current(folder: Path) -> Manifest | None:
    """Manifest of an index that can serve, None where there is none."""
    try:
        return read_manifest(folder)
    except IndexUnusable:
        return None


def update(store: Store, asked: str, advance: Callable[[int], None], *, rebuild: bool = False) -> tuple[Manifest, bool]:
    """Bring the index to the store's state; the manifest, and whether anything had to be done."""
    folder = store.cache.index
    held = current(folder)
    engine = held.engine if held is not None and asked == AUTO else choose_engine(asked)
    if held is not None and held.engine == engine and not rebuild:
        content = content_digest(store.current_versions())
        if held.content == content:
            return _renewed(store, held), False
    return build(store, engine, advance), True


def _renewed(store: Store, held: Manifest) -> Manifest:
    """Tell in the manifest that the same records are newer now: nothing changed, and we know it."""
    now = msgspec.structs.replace(held, change=store.change, data_timestamp=store.data_timestamp)
    if now != held:
        write_manifest(store.cache.index, now)
    return now


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of small objects that all stay would be walked again and again; a third of the time is saved."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def build(store: Store, engine: str, advance: Callable[[int], None]) -> Manifest:
    """Build a generation aside and switch to it; what stood before stays whole until then."""
    root = store.cache.index
    root.mkdir(parents=True, exist_ok=True)
    number = _next_generation(root)
    aside = root / f"building-{number:06d}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        with _no_collector():
            documents = _write(store, engine, aside, advance)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)  # a full disk needs the room
        raise
    versions = store.current_versions()
    if documents != len(versions):
        raise IndexDamaged(aside, f"{documents} documents were written for {len(versions)} trials")
    manifest = Manifest(
        index_version=INDEX_VERSION,
        analysis_version=ANALYSIS_VERSION,
        engine=engine,
        generation=number,
        documents=documents,
        change=store.change,
        content=content_digest(versions),
        data_timestamp=store.data_timestamp,
        built_at=utc_now(),
        files=checksums(aside),
    )
    aside.rename(root / manifest.folder)
    write_manifest(root, manifest)
    _remove_old(root)
    return manifest


def _write(store: Store, engine: str, aside: Path, advance: Callable[[int], None]) -> int:
    inverter, columns, sites, learner = Inverter(), ColumnWriter(), SiteWriter(), Learner()
    cards: list[Card] = []
    for raw in store.records():
        trial = normalise(raw)
        made = document(trial, raw)
        learner.add(trial)
        inverter.add(made)
        columns.add(made)
        sites.add(made.sites)
        cards.append(made.card)
        advance(1)
    inverted = inverter.finish()
    columns.write(aside / "columns")
    sites.write(aside / "sites")
    write_matrix(aside / "vectors", vectors(inverted), inverted.surfaces)
    words = aside / "words"
    words.mkdir()
    find = Phrases(inverted).rows
    write_synonyms(words, learner.finish(find), find)
    write_names(words, cards)
    write_dictionary(words, inverted)
    engine_writer(engine).write(aside / engine, inverted, cards)
    return len(cards)


def _next_generation(root: Path) -> int:
    numbers = [int(path.name.rpartition("-")[2]) for path in root.glob("generation-*")]
    return max(numbers, default=0) + 1


def _remove_old(root: Path) -> None:
    for path in root.glob("building-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in sorted(root.glob("generation-*"))[:-KEPT_GENERATIONS]:
        shutil.rmtree(path, ignore_errors=True)
