"""What several commands have in common: where the cache is, which trials to leave in, how to write the answer."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click

from crawler.config import Cache
from crawler.errors import CacheEmpty, IdMalformed, IdsUnreadable
from crawler.ids import nct_id
from index.query.tree import Node
from serve.commands.completion import listed, name_of, value_of

Command = TypeVar("Command", bound=Callable[..., Any])

AS_OF_HELP = "Over the versions held at the end of this day; the first time, an index of it is built here."
ENGINE_HELP = "auto (Whoosh up to 5,000 trials, tantivy above), whoosh, tantivy or opensearch."


def _cache(_context: click.Context, _parameter: click.Parameter, folder: str) -> Cache:
    return Cache(Path(folder))


def _debug(_context: click.Context, _parameter: click.Parameter, on: bool) -> bool:
    if on:
        os.environ["TRIALKIN_DEBUG"] = "1"
    return on


def common(command: Command) -> Command:
    """Add --cache and --debug, which every command takes."""
    cache = click.option(
        "--cache",
        envvar="TRIALKIN_CACHE",
        default="cache",
        metavar="DIR",
        callback=_cache,
        help="The cache folder (TRIALKIN_CACHE; default ./cache).",
    )
    debug = click.option(
        "--debug",
        is_flag=True,
        envvar="TRIALKIN_DEBUG",
        expose_value=False,
        callback=_debug,
        help="Show a traceback when something fails.",
    )
    return cache(debug(command))


def as_json(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout and nothing else.")(command)


def form_option(command: Command) -> Command:
    """Add --format, for lists of trials."""
    form = click.option("--format", "form", type=click.Choice(["ids", "csv"]), help="Write plain ids or CSV.")
    return form(command)


def chosen_form(form: str | None, *, as_json: bool) -> str | None:
    """Return ids, csv, json or None for people; UsageError where two are asked for, for stdout has but one."""
    if form is not None and as_json:
        raise click.UsageError(f"Give --format {form} or --json, not both.")
    return "json" if as_json else form


def _last_day(_context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Read a date, which may be partial: its last day as YYYYMMDD."""
    from crawler.dates import last_day

    try:
        return None if text is None else last_day(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date; write 2026-08-19, 2026-08 or 2026.", param=parameter) from None


def as_of_option(told: str = AS_OF_HELP) -> Callable[[Command], Command]:
    """Make --as-of, whose value is the last day that the date may mean, as YYYYMMDD."""
    return click.option("--as-of", metavar="DATE", callback=_last_day, help=told)


def engine_option(command: Command) -> Command:
    """Add --engine."""
    option = click.option("--engine", envvar="TRIALKIN_ENGINE", default="auto", show_default=True, help=ENGINE_HELP)
    return option(command)


def _addresses(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Refuse what is no address, and any where its library is missing, before a crawl of an hour and not after it."""
    if text is None:
        return None
    from index.engines.opensearch.addresses import addresses_of
    from index.errors import ClientMissing

    if find_spec("opensearchpy") is None:
        raise ClientMissing
    return ",".join(addresses_of(text))


def opensearch_option(command: Command) -> Command:
    """Add --opensearch to a command that writes an index; a reader knows from the index where its cluster is."""
    option = click.option(
        "--opensearch",
        envvar="TRIALKIN_OPENSEARCH",
        metavar="URL",
        callback=_addresses,
        help="Index in this OpenSearch cluster; several addresses of it are joined by commas.",
    )
    return option(command)


_TEXT = (
    ("--cond", "Condition or disease: words in the query language."),
    ("--intr", "Intervention or treatment."),
    ("--title", "Title or acronym."),
    ("--outc", "Outcome measure."),
    ("--spons", "Sponsor or collaborator."),
    ("--loc", "Place or facility."),
    ("--elig", "Eligibility criteria."),
)
_VALUES = (
    ("--status", "Overall status, such as RECRUITING or 'not yet recruiting'."),
    ("--phase", "Phase, such as 3 or PHASE3."),
    ("--type", "Study type: INTERVENTIONAL, OBSERVATIONAL, EXPANDED_ACCESS."),
    ("--country", "Country of a site, under its old or current name."),
    ("--sex", "The record's own value: FEMALE is women only."),
    ("--accepts", "Trials that take this sex (a trial that names none takes all)."),
    ("--sponsor", "Lead sponsor, by its whole name."),
    ("--sponsor-class", "Class of the lead sponsor, such as INDUSTRY."),
    ("--intervention-type", "Such as DRUG or DEVICE."),
    ("--condition-mesh", "MeSH term of the condition."),
    ("--start-year", "Year of the start date."),
    ("--age-group", "CHILD, ADULT or OLDER_ADULT."),
    ("--age", "Trials that take somebody of this age in years."),
)
_RANGES = (
    ("--start", "Start date A..B, either end may be left out: 2020..2022-06."),
    ("--completed", "Completion date A..B."),
    ("--updated", "Last update posted A..B."),
    ("--enrollment", "Number of participants A..B."),
)


_COMPLETED = {
    "--cond": name_of("condition"),
    "--intr": name_of("intervention"),
    "--accepts": listed("female", "male", "all"),
    **{f"--{key.replace('_', '-')}": value_of(key) for key in (
        "status", "phase", "type", "country", "sex", "sponsor", "sponsor_class", "intervention_type", "condition_mesh",
        "start_year", "age_group",
    )},
}  # fmt: skip


def filter_options(command: Command) -> Command:
    """Add the filters that search and similar share."""
    decorated: Any = click.option("--ids", metavar="FILE", help="Only the NCT ids in this file.")(command)
    near_help = "With a site so near to a point (degrees; mi or km)."
    decorated = click.option("--near", multiple=True, metavar="LAT,LON,50mi", help=near_help)(decorated)
    decorated = click.option("--results/--no-results", default=None, help="With, or without, posted results.")(
        decorated
    )
    for flag, text in reversed(_TEXT + _VALUES + _RANGES):
        metavar = {"--age": "YEARS"}.get(flag, "A..B" if (flag, text) in _RANGES else "VALUE")
        completed = _COMPLETED.get(flag)
        decorated = click.option(flag, multiple=True, metavar=metavar, help=text, shell_complete=completed)(decorated)
    answer: Command = decorated
    return answer


def made_filters(options: dict[str, Any]) -> dict[str, Node]:
    """Turn the filter options of a command into trees."""
    from index.query.filters import filters

    results = options.pop("results")
    path = options.pop("ids")
    return filters(options, results=results, ids=None if path is None else ids_of_file(path))


def ids_of_file(path: str) -> list[str]:
    """Read the NCT ids of a file, separated by any white space or commas."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise IdsUnreadable(path, f"it can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise IdsUnreadable(path, "it is no text") from None
    try:
        return [nct_id(word) for word in text.replace(",", " ").split()]
    except IdMalformed as error:
        raise IdsUnreadable(path, f"{error.text!r} in it is no NCT id") from None


@contextmanager
def opened_index(cache: Cache, engine: str = "auto", as_of: int | None = None) -> Iterator[Any]:
    """Open the index of a cache, with a word on stderr where it is behind the records; or the one of a day."""
    from crawler.lock import holder
    from crawler.store import Store
    from index.errors import IndexMissing
    from index.search import open_index

    if as_of is not None:
        with opened_as_of(cache, engine, as_of) as (index, _):
            yield index
        return
    try:
        with ExitStack() as opened:
            store = opened.enter_context(Store.reading(cache)) if cache.database.exists() else None
            index = opened.enter_context(open_index(cache.index, engine, None if store is None else store.raw_as))
            if store is not None and store.change != index.manifest.change:
                writer = holder(cache.lock)
                step = "run `trialkin index`" if writer is None else f"{writer} is at work here"
                click.echo(f"trialkin: the index is behind the records; {step}.", err=True)
            yield index
    except IndexMissing:
        if not cache.database.exists():
            raise CacheEmpty(cache.folder) from None
        raise


@contextmanager
def opened_as_of(cache: Cache, engine: str, day: int) -> Iterator[tuple[Any, Any]]:
    """Open the index and the records of a day (YYYYMMDD), with a word on stderr where it is built, or holds nothing."""
    from crawler.as_of import StoreAsOf
    from crawler.dates import day_text
    from index.as_of import Telling, open_as_of
    from serve.terminal import progress

    @contextmanager
    def building(trials: int) -> Iterator[Callable[[int], None]]:
        click.echo(f"trialkin: building the index as of {day_text(day)}; it is kept for the next time.", err=True)
        with progress("indexing", trials) as advance:
            yield advance

    def waiting() -> None:
        click.echo("trialkin: another process builds an index of a day here; waiting for it.", err=True)

    with StoreAsOf.as_of(cache, day) as store, open_as_of(store, engine, Telling(building, waiting)) as index:
        if not index.columns.size:
            click.echo(f"trialkin: {store.why_empty()}", err=True)
        yield index, store
