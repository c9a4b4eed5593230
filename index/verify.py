"""Checks that the index's files are what was written, and that it holds just what the store has."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from crawler.errors import StoreError
from crawler.store import Store
from index.build import content_digest
from index.columns import Columns
from index.errors import IndexMissing, IndexUnusable
from index.manifest import Manifest, read_manifest


def index_problems(store: Store, checked: dict[str, int | bool]) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong in the index; `checked` is told what was looked at."""
    yield from file_problems(store.cache.index, checked)
    yield from content_problems(store, checked)


def content_problems(store: Store, checked: dict[str, int | bool]) -> Iterator[str]:
    """Yield a sentence where the index, whatever its files are, was made from other versions than the records here."""
    held = _manifest(store.cache.index)
    if held is None:
        return
    checked["documents"] = held.documents
    try:
        versions = store.current_versions()
    except StoreError as error:
        yield str(error)
        return
    if content_digest(versions) != held.content:
        yield f"the index holds other versions than the {len(versions)} records here; run `trialkin index`"


def file_problems(root: Path, checked: dict[str, int | bool]) -> Iterator[str]:
    """Yield a sentence for each file of the index in a folder that is not what was written, its manifest included."""
    checked["index_files"] = 0
    try:
        manifest = read_manifest(root)
    except IndexMissing:
        if any(root.glob("generation-*")):
            yield f"{root}: its manifest is missing; run `trialkin index --rebuild`"
        return
    except IndexUnusable as error:
        yield str(error)
        return
    folder = root / manifest.folder
    for name, written in manifest.files.items():
        checked["index_files"] += 1
        try:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            yield f"{folder / name}: can't be read ({error.strerror}); run `trialkin index --rebuild`"
            continue
        if found != written:
            yield f"{folder / name}: is not what was written; run `trialkin index --rebuild`"


def ids_indexed(root: Path) -> list[str]:
    """NCT ids of the trials that the index in a folder holds, in order; none where it can't be read."""
    held = _manifest(root)
    try:
        return [] if held is None else Columns(root / held.folder / "columns").ids
    except (OSError, ValueError):
        return []


def _manifest(root: Path) -> Manifest | None:
    """Read what an index says of itself, whatever became of its files."""
    try:
        return read_manifest(root)
    except IndexUnusable:
        return None
