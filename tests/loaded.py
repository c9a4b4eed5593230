"""Caches for the command line, of records that a test writes or names."""

from pathlib import Path
from typing import Any

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from tests.records import body


def loaded(folder: Path, *sources: str) -> tuple[str, str]:
    """`--cache` of files' records, not indexed."""
    with Store.writing(Cache(folder)) as store:
        load(store, sources, lambda _more: None)
    return "--cache", str(folder)


def of_records(folder: Path, *records: dict[str, Any]) -> tuple[str, str]:
    """`--cache` of records given as JSON."""
    path = folder / "records.jsonl"
    path.write_bytes(b"\n".join(map(body, records)))
    return loaded(folder / "cache", str(path))
