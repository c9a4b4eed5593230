"""`eval`: how good the ranking of similar trials is, against a truth table and beside plain baselines."""

import sys
from typing import TYPE_CHECKING, Any

import click

from crawler.config import Cache
from serve.commands.fetch import registry_address, registry_client, registry_options
from serve.commands.options import as_json, common, engine_option, opened_index, opensearch_option

if TYPE_CHECKING:
    from crawler.wanted import Fetched
    from index.similar.truth import Truth
    from serve.judgement import Advance


@click.command(name="eval")
@click.argument("truth", metavar="TRUTH.tsv")
@click.option("--no-baselines", is_flag=True, help="Score our ranking alone; the records are not read again.")
@click.option("--fetch", is_flag=True, help="First fetch the trials of the table that are not held, and index them.")
@registry_options
@engine_option
@opensearch_option
@as_json
@common
def eval_command(
    truth: str,
    no_baselines: bool,
    fetch: bool,
    registry: str,
    pace: float,
    engine: str,
    opensearch: str | None,
    as_json: bool,
    cache: Cache,
) -> None:
    """Score the ranking of similar trials against a truth table, beside plain baselines.

    The table is tab-separated: group, query, candidate, gain (0 is unlike). Queries are averaged within their group,
    then groups; a query with candidates of gain 0 ranks just those listed, any other ranks all trials here. Beside
    ours stand chance, TF-IDF and BM25 over all text, with the 95 % interval (over groups) of each and of what we gain.
    """
    from index.similar.truth import read_truth
    from serve.output import write_json

    truths = read_truth(truth)
    fetched = None
    if fetch:
        with registry_address(registry) as (name, address):
            fetched = _fetch(cache, truths, name, address, pace, engine, opensearch)
    told = _judged(cache, engine, truths, baselines=not no_baselines)
    if fetched is not None:
        told["fetched"] = {"kept": fetched.kept, "unusable": fetched.unusable, "stopped": fetched.stopped}
    if as_json:
        write_json(told)
    else:
        _show(told)
    if fetched is not None and fetched.stopped is not None:
        click.echo(f"trialkin: not everything was fetched: {fetched.stopped}", err=True)
        sys.exit(1)


def _fetch(
    cache: Cache,
    truths: "list[Truth]",
    name: str,
    address: str,
    pace: float,
    engine: str,
    opensearch: str | None,
) -> "Fetched":
    """Fetch and index the trials of a table that are not held."""
    from crawler.errors import TrialUnknown
    from crawler.registry import Registry
    from crawler.store import Store
    from crawler.wanted import Fetched, fetch_wanted
    from index.build import choose_engine
    from serve.commands.collect import bring_up
    from serve.terminal import progress

    def held(nct_id: str) -> bool:
        try:
            return bool(store.resolve(nct_id))
        except TrialUnknown:
            return False

    choose_engine(engine)
    with registry_client(address, pace) as client, Store.writing(cache) as store:
        named = dict.fromkeys(nct_id for each in truths for nct_id in (each.nct_id, *each.gains))
        wanted = [nct_id for nct_id in named if not held(nct_id)]
        fetched = Fetched()
        if wanted:
            with progress("fetching", len(wanted)) as advance:
                fetched = fetch_wanted(wanted, store, Registry(client), name, advance)
        if store.counts()["trials"]:
            bring_up(store, engine, opensearch=opensearch)
    return fetched


def _judged(cache: Cache, engine: str, truths: "list[Truth]", *, baselines: bool) -> dict[str, Any]:
    """Score our ranking and the baselines'."""
    from crawler.store import Store
    from serve.judgement import Tasks, answer, own_ranking
    from serve.terminal import progress

    with opened_index(cache, engine) as index, Store.reading(cache) as store:
        tasks = Tasks(index, store.resolve, truths)
        with progress("ranking", len(tasks.tasks)) as advance:
            ours = tasks.scored(own_ranking(index), advance)
        others = {}
        if baselines and tasks.tasks:
            with progress("baselines", index.columns.size + 2 * len(tasks.tasks)) as advance:
                others = _baselines(tasks, index, store, advance)
        return answer(tasks, ours, others, index.manifest.data_timestamp)


def _baselines(tasks: Any, index: Any, store: Any, advance: "Advance") -> dict[str, Any]:
    from serve.judgement import bagged

    bags = bagged(index, store, advance)
    return {
        "random": tasks.by_chance(),
        "tfidf": tasks.scored(bags.tfidf, advance),
        "bm25": tasks.scored(bags.bm25, advance),
    }


def _show(told: dict[str, Any]) -> None:
    from serve.judgement_table import lines

    for line in lines(told):
        click.echo(line)
