"""Records → a new generation of the index: written aside, counted, then switched to.

A generation is built anew, or made from the one before it by what changed since: files that stay are shared.
"""

import gc
import hashlib
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import msgspec

from crawler.database import utc_now
from crawler.record import RawRecord
from crawler.store import Store
from index.analysis import ANALYSIS_VERSION
from index.columns import DIGEST_BYTES
from index.engines import ENGINES
from index.errors import EngineUnknown, IndexDamaged, IndexUnusable
from index.generation import GenerationWriter, Previous
from index.manifest import Manifest, check_sizes, checksums, read_manifest, sizes, write_manifest
from index.schema import INDEX_VERSION
from index.workers import batches

AUTO = "auto"
KEPT_GENERATIONS = 2  # the current one and the one that readers may still have open
WHOOSH_RANGE = 5000  # trials up to which `auto` takes Whoosh: docs/decisions/0001
# When an update builds anew: frequencies and synonyms hold since the last rebuild, and with a tenth of the trials new
# every seventh of similarity's tens is another set (DESIGN.md); each update leaves a part that a query has to ask.
RENEWED_SHARE, MOST_UPDATES = 0.1, 30


def choose_engine(asked: str) -> str:
    """Pass on the name of an engine, `auto` included; EngineUnknown otherwise."""
    if asked not in {AUTO, *ENGINES}:
        raise EngineUnknown(asked, (AUTO, *ENGINES))
    return asked


def engine_for(asked: str, held: str | None, trials: int, address: str | None) -> str:
    """Name the engine to use; `held` is the index's own, which `auto` leaves only for a larger one."""
    if asked != AUTO:
        return choose_engine(asked)
    if address is not None:
        return "opensearch"
    if held is not None and held != "whoosh":
        return held
    return "whoosh" if trials <= WHOOSH_RANGE else "tantivy"


def content_digest(versions: dict[str, bytes]) -> str:
    """Digest of which record of which trial an index holds."""
    told = "".join(f"{nct_id}:{digest.hex()}\n" for nct_id, digest in versions.items())
    return hashlib.sha256(told.encode()).hexdigest()


def current(folder: Path) -> Manifest | None:
    """Manifest of an index that can serve, None where there is none."""
    try:
        manifest = read_manifest(folder)
        check_sizes(folder / manifest.folder, manifest.sizes)
    except (IndexUnusable, OSError):
        return None
    return manifest


@dataclass(frozen=True)
class Changes:
    """What the store has and the index has not, and the other way round; NCT ids in order."""

    new: list[str]
    changed: list[str]
    gone: list[str]

    @classmethod
    def between(cls, previous: Previous, versions: dict[str, bytes]) -> "Changes":
        """Compare the versions that an index was made from with the store's."""
        digests = previous.columns.digests.tobytes()
        begins = range(0, len(digests), DIGEST_BYTES)
        held = {i: digests[at : at + DIGEST_BYTES] for i, at in zip(previous.columns.ids, begins, strict=True)}
        return cls(
            new=[nct_id for nct_id in versions if nct_id not in held],
            changed=[i for i, digest in versions.items() if i in held and held[i] != digest[:DIGEST_BYTES]],
            gone=[nct_id for nct_id in held if nct_id not in versions],
        )

    @property
    def count(self) -> int:
        """Trials that differ."""
        return len(self.new) + len(self.changed) + len(self.gone)


def update(
    store: Store, asked: str, advance: Callable[[int], None], *, rebuild: bool = False, address: str | None = None
) -> tuple[Manifest, bool]:
    """Bring the index to the store's state; the manifest, and whether anything had to be done.

    `asked` names an engine or is `auto`; `address` has the URLs of a cluster, where there is one.
    """
    held = current(store.cache.index)
    versions = store.current_versions()
    engine = engine_for(asked, None if held is None else held.engine, len(versions), address)
    fresh = _Fresh(store, engine, address, versions, advance)
    if held is None or held.engine != engine or rebuild:
        return fresh.anew(), True
    if held.content == fresh.content:
        return _renewed(store, held), False
    try:
        previous = Previous.at(store.cache.index / held.folder)
    except (OSError, ValueError):  # a damaged index is built anew
        return fresh.anew(), True
    changes = Changes.between(previous, versions)
    if held.updates >= MOST_UPDATES or held.updated + changes.count > RENEWED_SHARE * held.documents:
        return fresh.anew(), True
    return fresh.changed(held, previous, changes), True


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


def build(store: Store, engine: str, advance: Callable[[int], None], address: str | None = None) -> Manifest:
    """Build a generation anew, aside, and switch to it; what stood before stays whole until then."""
    return _Fresh(store, engine, address, store.current_versions(), advance).anew()


@dataclass(frozen=True)
class _Fresh:
    """A generation in the making, of a store whose current versions are these."""

    store: Store
    engine: str
    address: str | None
    versions: dict[str, bytes]
    advance: Callable[[int], None]

    @cached_property
    def content(self) -> str:
        """Digest of what it holds."""
        return content_digest(self.versions)

    def anew(self) -> Manifest:
        """Write all of it."""
        return self._written(None, None, Changes([], [], []), self.store.records())

    def changed(self, held: Manifest, previous: Previous, changes: Changes) -> Manifest:
        """Write what changed since the one held, and share the rest with it."""
        records = (self.store.raw(nct_id) for nct_id in sorted((*changes.new, *changes.changed)))
        return self._written(held, previous, changes, records)

    def _written(
        self, held: Manifest | None, previous: Previous | None, changes: Changes, records: Iterator[RawRecord]
    ) -> Manifest:
        """Write it aside, count it, switch to it."""
        root = self.store.cache.index
        root.mkdir(parents=True, exist_ok=True)
        number = _next_generation(root)
        aside = root / f"building-{number:06d}"
        shutil.rmtree(aside, ignore_errors=True)
        writer: GenerationWriter | None = None
        try:
            writer = GenerationWriter(aside, self.engine, number, self.address, previous)
            with _no_collector():
                writer.remove((*changes.gone, *changes.changed))
                with closing(_told(records, self.advance)) as told:
                    for batch in batches(told, len(self.versions) if previous is None else 0):
                        writer.add(batch, self.versions)
                self._check(writer.documents, aside)
                writer.finish()
            manifest = self._manifest(number, held, changes.count, aside)
        except BaseException:
            if writer is not None:
                writer.abandon()
            shutil.rmtree(aside, ignore_errors=True)  # a full disk needs the room
            raise
        aside.rename(root / manifest.folder)
        write_manifest(root, manifest)
        _remove_old(root)
        return manifest

    def _check(self, documents: int, aside: Path) -> None:
        if documents != len(self.versions):
            raise IndexDamaged(aside, f"{documents} documents for {len(self.versions)} trials")

    def _manifest(self, number: int, held: Manifest | None, changed: int, aside: Path) -> Manifest:
        shared = {} if held is None else held.files
        return Manifest(
            index_version=INDEX_VERSION,
            analysis_version=ANALYSIS_VERSION,
            engine=self.engine,
            generation=number,
            documents=len(self.versions),
            updates=0 if held is None else held.updates + 1,
            updated=0 if held is None else held.updated + changed,
            change=self.store.change,
            content=self.content,
            data_timestamp=self.store.data_timestamp,
            built_at=utc_now(),
            files=checksums(aside, None if held is None else aside.parent / held.folder, shared),
            sizes=sizes(aside),
        )


def _told(records: Iterator[RawRecord], advance: Callable[[int], None]) -> Generator[RawRecord, None, None]:
    with closing(cast("Generator[RawRecord, None, None]", records)):
        for raw in records:
            advance(1)
            yield raw


def _next_generation(root: Path) -> int:
    numbers = [int(path.name.rpartition("-")[2]) for path in root.glob("generation-*")]
    return max(numbers, default=0) + 1


def _remove_old(root: Path) -> None:
    for path in root.glob("building-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in sorted(root.glob("generation-*"))[:-KEPT_GENERATIONS]:
        shutil.rmtree(path, ignore_errors=True)
