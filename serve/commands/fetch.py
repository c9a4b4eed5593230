"""`crawl`: from seeds to their relatives, then index."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from crawler.config import PACE_SECONDS, REGISTRY_URL, SAMPLE, Cache
from serve.commands.options import as_json, common, engine_option, opensearch_option

if TYPE_CHECKING:
    from crawler.client import Client
    from crawler.crawl import Plan, Report


@contextmanager
def registry_address(registry: str) -> Iterator[tuple[str, str]]:
    """Yield (name to remember, address to ask): a given API's base, or the bundled sample served on loopback."""
    if registry != SAMPLE:
        base = registry.rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise click.BadParameter(f"{registry!r} is no address; give http(s)://… or {SAMPLE}.")
        base = base if base.endswith("/api/v2") else f"{base}/api/v2"
        yield base, base
        return
    from serve.sample import sample_registry

    with sample_registry() as address:
        yield SAMPLE, f"{address}/api/v2"


def registry_client(address: str, pace: float) -> "Client":
    """A client of an API at a pace, which names itself as the settings say."""
    import os

    from crawler.client import Client

    return Client(address, pace_seconds=pace, agent=os.environ.get("TRIALKIN_USER_AGENT"))


def pace_option(command: click.decorators.FC) -> click.decorators.FC:
    """Add --pace."""
    option = click.option(
        "--pace",
        envvar="TRIALKIN_PACE",
        type=click.FloatRange(min=0),
        default=PACE_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="At most one request in so many seconds.",
    )
    return option(command)


def registry_option(text: str, default: str | None = None) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Add --registry, which without a default is the cache's own."""
    return click.option(
        "--registry", envvar="TRIALKIN_REGISTRY", default=default, show_default=True, metavar="URL|sample", help=text
    )


def registry_of(cache: Cache) -> str | None:
    """Tell which registry a cache is of; None where that is not known yet."""
    from crawler.errors import CacheEmpty
    from crawler.store import Store

    try:
        with Store.reading(cache) as store:
            return store.meta("registry")
    except CacheEmpty:
        return None


def registry_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add --registry and --pace."""
    registry = registry_option(
        "The API's base, /api/v2 included or not; sample is the bundled records.", default=REGISTRY_URL
    )
    return registry(pace_option(command))


@click.command()
@click.argument("ids", nargs=-1, metavar="ID...")
@click.option("--page", "pages", multiple=True, metavar="FILE_OR_URL", help="Also what this web page lists.")
@click.option("--query", "queries", multiple=True, metavar="TEXT", help="Also what the registry finds for this.")
@click.option("--depth", type=click.IntRange(min=0), default=2, show_default=True, help="Links from a seed at most.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True, help="Trials to keep at most.")
@registry_options
@click.option("--no-index", is_flag=True, help="Keep the records and leave the index as it is.")
@engine_option
@opensearch_option
@as_json
@common
def crawl(
    ids: tuple[str, ...],
    pages: tuple[str, ...],
    queries: tuple[str, ...],
    depth: int,
    limit: int,
    registry: str,
    pace: float,
    no_index: bool,
    engine: str,
    opensearch: str | None,
    as_json: bool,
    cache: Cache,
) -> None:
    """Fetch trials and what they lead to, best first; then index.

    What a record names comes before what merely resembles. The same command after a break goes on where it was.
    """
    import os

    from crawler.crawl import Plan
    from crawler.crawl import crawl as run_crawl
    from crawler.ids import nct_id
    from crawler.registry import Registry
    from crawler.store import Store
    from index.build import choose_engine
    from index.similar.closeness import closeness
    from serve.commands.collect import bring_up, telling_unread
    from serve.terminal import progress

    if not (ids or pages or queries):
        raise click.UsageError("give an NCT id to start from, or --page, or --query.")
    choose_engine(engine)
    seeds = tuple(dict.fromkeys(nct_id(text) for text in ids))
    with registry_address(registry) as (name, address):
        agent = os.environ.get("TRIALKIN_USER_AGENT")
        with registry_client(address, pace) as client, Store.writing(cache) as store:
            plan = Plan(name, seeds, _listed(pages, pace, agent), queries, depth, limit)
            store.check_registry(name)  # another's cache is refused before anybody is asked
            with telling_unread(store), progress("crawling", limit) as advance:
                report = run_crawl(plan, store, Registry(client), closeness, advance)
            if report.reached and not no_index:
                bring_up(store, engine, opensearch=opensearch)
    _tell(report, plan, as_json=as_json)
    if report.stopped is not None or report.partly_failed:
        sys.exit(1)


def _listed(pages: tuple[str, ...], pace: float, agent: str | None) -> tuple[tuple[str, str, str], ...]:
    """Read web pages, from files or their own sites: (address, NCT id, heading) of each id listed."""
    from pathlib import Path

    from crawler.client import fetch_page
    from crawler.errors import FileForeign
    from crawler.pages import listed_ids

    found = []
    for page in pages:
        if "://" in page:
            html = fetch_page(page, pace_seconds=pace, agent=agent)
        else:
            try:
                html = Path(page).read_bytes()
            except OSError as error:
                raise FileForeign(page, f"can't be read ({error.strerror})") from None
        listed = listed_ids(html)
        if not listed:
            click.echo(f"trialkin: {page} lists no NCT id.", err=True)
        found += [(page, item.nct_id, item.heading) for item in listed]
    return tuple(found)


def _tell(report: "Report", plan: "Plan", *, as_json: bool) -> None:
    from serve.output import write_json
    from serve.terminal import clean

    if as_json:
        write_json(crawl_answer(report))
    else:
        from serve.terminal import show_crawl

        show_crawl(report)
    for failed in report.failed if not as_json else ():
        click.echo(f"trialkin: {failed.nct_id or 'a query'}: {clean(failed.reason)}", err=True)
    if report.stopped is not None:
        click.echo(f"trialkin: stopped after {len(report.reached)} of {plan.limit} trials: {report.stopped}", err=True)


def crawl_answer(report: "Report") -> dict[str, object]:
    """The report as `crawl --json` promises it."""
    return {
        "run": report.run,
        "data_timestamp": report.data_timestamp,
        "fetched": report.fetched,
        "unchanged": report.unchanged,
        "calls": report.calls,
        "stopped": report.stopped,
        "failed": [{"nct_id": failed.nct_id, "reason": failed.reason} for failed in report.failed],
        "left": report.left,
        "reached": [
            {
                "nct_id": reached.nct_id,
                "depth": reached.depth,
                "because": [
                    {"kind": link.kind, "from": link.source, "evidence": link.evidence} for link in reached.because
                ],
            }
            for reached in report.reached
        ],
    }
