"""`refresh`: what changed at the registry since the last time, then index."""

import sys
from typing import TYPE_CHECKING

import click

from crawler.config import REGISTRY_URL, Cache
from serve.commands.fetch import pace_option, registry_address, registry_client, registry_of, registry_option
from serve.commands.options import as_json, common, engine_option, opensearch_option

if TYPE_CHECKING:
    from crawler.refresh import Refreshed, Wish
    from crawler.store import Store


@click.command()
@click.option("--all", "whole", is_flag=True, help="Mirror the whole registry: some 600 requests, resumable.")
@click.option("--sweep", is_flag=True, help="Compare every id: finds deletions, aliases and merges.")
@click.option("--trust", is_flag=True, help="Believe a list of ids that is over 1 % shorter than what is held.")
@registry_option(f"The API's base; by default the cache's own, for a new one {REGISTRY_URL}.")
@pace_option
@click.option("--no-index", is_flag=True, help="Keep the records and leave the index as it is.")
@engine_option
@opensearch_option
@as_json
@common
def refresh(
    whole: bool,
    sweep: bool,
    trust: bool,
    registry: str | None,
    pace: float,
    no_index: bool,
    engine: str,
    opensearch: str | None,
    as_json: bool,
    cache: Cache,
) -> None:
    """Ask the registry what changed since the last time, fetch it, index it.

    A crawled cache has its own trials renewed and takes in near newcomers; a mirror takes in everybody. The same
    command after a break goes on where it was.
    """
    from crawler.errors import CacheEmpty
    from crawler.refresh import Wish
    from crawler.store import Store
    from index.build import choose_engine
    from serve.commands.collect import bring_up, telling_unread

    if trust and not sweep:
        raise click.UsageError("--trust is for --sweep.")
    choose_engine(engine)
    if not whole and not cache.database.exists():
        raise CacheEmpty(cache.folder)
    asked = registry or registry_of(cache) or REGISTRY_URL
    with registry_address(asked) as (name, address), Store.writing(cache) as store:
        if not whole and store.meta("scope") is None and not store.counts()["trials"]:
            raise CacheEmpty(cache.folder)
        with telling_unread(store):
            report = _carried_out(Wish(name, whole, sweep, trust), store, address, pace)
        if not no_index and store.counts()["trials"]:
            bring_up(store, engine, opensearch=opensearch)
    _tell(report, as_json=as_json)
    if report.stopped is not None or report.failed:
        sys.exit(1)


def _carried_out(wish: "Wish", store: "Store", address: str, pace: float) -> "Refreshed":
    """Refresh from an address, with a bar; RegistryDiffers before anybody is asked where the cache is another's."""
    from crawler.refresh import refresh as run_refresh
    from crawler.registry import Registry
    from index.similar.closeness import closeness
    from serve.terminal import progress

    store.check_registry(wish.registry)
    with registry_client(address, pace) as client, progress("refreshing") as advance:
        return run_refresh(wish, store, Registry(client), closeness, advance)


def _tell(report: "Refreshed", *, as_json: bool) -> None:
    from serve.output import write_json
    from serve.terminal import clean, show_refresh

    if as_json:
        write_json(refresh_answer(report))
    else:
        show_refresh(report)
        for failed in report.failed:
            click.echo(f"trialkin: {failed.nct_id or 'a request'}: {clean(failed.reason)}", err=True)
    if report.stopped is not None:
        click.echo(f"trialkin: stopped after {sum(report.counts.values()):,} trials: {clean(report.stopped)}", err=True)


def refresh_answer(report: "Refreshed") -> dict[str, object]:
    """The report as `refresh --json` promises it."""
    counts = {kind: report.counts.get(kind, 0) for kind in ("new", "changed", "unchanged", "gone", "alias")}
    return {
        "run": report.run,
        "data_timestamp": report.data_timestamp,
        **counts,
        "failed": [{"nct_id": failed.nct_id, "reason": failed.reason} for failed in report.failed],
        "calls": report.calls,
        "stopped": report.stopped,
    }
