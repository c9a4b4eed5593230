"""`load` and `index`: records in, the index brought up to them."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from crawler.config import Cache
from serve.commands.options import as_json, common, engine_option, opensearch_option

if TYPE_CHECKING:
    from crawler.store import Store

_MOST_UNREAD = 10  # told by name


def bring_up(
    store: "Store", engine: str, *, rebuild: bool = False, opensearch: str | None = None
) -> tuple[str, int, float]:
    """Index what the store holds, with a bar; engine, documents, seconds."""
    from index.build import WHOOSH_RANGE, current, update
    from serve.terminal import progress

    began = time.monotonic()
    before = current(store.cache.index)
    with progress("indexing", store.counts()["trials"]) as advance:
        manifest, _ = update(store, engine, advance, rebuild=rebuild, address=opensearch)
    if before is not None and engine == "auto" and before.engine != manifest.engine == "tantivy":
        grown = (
            f"more than {WHOOSH_RANGE:,} trials are {manifest.engine}'s; it was built anew, {before.engine}'s is gone"
        )
        click.echo(f"trialkin: {grown}.", err=True)
    return manifest.engine, manifest.documents, time.monotonic() - began


@contextmanager
def telling_unread(store: "Store") -> Iterator[None]:
    """When the block ends, tell on stderr which records came meanwhile that are kept and can't be read as trials."""
    from serve.terminal import clean

    before = set(store.problems())
    yield
    unread = [told for told in store.problems() if told not in before]
    for nct_id, problem in unread[:_MOST_UNREAD]:
        click.echo(f"trialkin: {nct_id} is kept, but can't be read as a trial or found: {clean(problem)}", err=True)
    if len(unread) > _MOST_UNREAD:
        more = len(unread) - _MOST_UNREAD
        click.echo(f"trialkin: {more:,} more can't be; `trialkin status` names them all.", err=True)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...|-")
@click.option("--no-index", is_flag=True, help="Keep the records and leave the index as it is.")
@engine_option
@opensearch_option
@as_json
@common
def load(
    files: tuple[str, ...], no_index: bool, engine: str, opensearch: str | None, as_json: bool, cache: Cache
) -> None:
    """Read records from files (json, jsonl, gz, zip, the site's own download; - is stdin), then index.

    A record older than the one held, by its update date, is kept as a version and replaces nothing.
    """
    from crawler.load import load as load_files
    from crawler.store import Store
    from index.build import choose_engine
    from serve.output import write_json
    from serve.terminal import clean, progress

    choose_engine(engine)
    with Store.writing(cache) as store:
        with telling_unread(store), progress("loading") as advance:
            outcome = load_files(store, files, advance)
        if not no_index and store.counts()["trials"]:
            bring_up(store, engine, opensearch=opensearch)
        timestamp = store.data_timestamp
    if as_json:
        told = {"loaded": outcome.loaded, "unchanged": outcome.unchanged, "older": outcome.older}
        write_json({**told, "failed": outcome.failed, "data_timestamp": timestamp})
    else:
        for failed in outcome.failed:
            click.echo(f"trialkin: {clean(failed.source)}: {clean(failed.reason)}", err=True)
        counts = f"{outcome.loaded:,} loaded, {outcome.unchanged:,} unchanged, {outcome.older:,} older"
        click.echo(f"{counts}, {len(outcome.failed):,} failed")
    if outcome.failed:
        sys.exit(1)


@click.command(name="index")
@engine_option
@opensearch_option
@click.option("--rebuild", is_flag=True, help="Build anew even where nothing changed.")
@as_json
@common
def index_command(engine: str, opensearch: str | None, rebuild: bool, as_json: bool, cache: Cache) -> None:
    """Build the index, or bring it up to the records."""
    from crawler.errors import CacheEmpty
    from crawler.store import Store
    from index.build import choose_engine
    from serve.output import write_json

    choose_engine(engine)
    if not cache.database.exists():
        raise CacheEmpty(cache.folder)
    with Store.writing(cache) as store:
        name, documents, seconds = bring_up(store, engine, rebuild=rebuild, opensearch=opensearch)
        timestamp = store.data_timestamp
    if as_json:
        told = {"engine": name, "documents": documents, "seconds": round(seconds, 3)}
        write_json({**told, "data_timestamp": timestamp})
    else:
        click.echo(f"{documents:,} trials indexed with {name} in {seconds:.1f} s")
