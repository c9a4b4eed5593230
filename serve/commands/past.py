"""`history` and `changes`: what trials were before, and what happened to them since."""

import sys
from typing import TYPE_CHECKING

import click

from crawler.config import Cache
from crawler.dates import day_text, first_day
from serve.commands.completion import listed, trial_id
from serve.commands.fetch import registry_address, registry_client, registry_options
from serve.commands.options import as_json, common

if TYPE_CHECKING:
    from crawler.store import Store

SEVERITIES = ("low", "medium", "high")


def _day(_context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Read a date, which may be partial: its first day as YYYYMMDD."""
    try:
        return None if text is None else first_day(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date; write 2026-08-19, 2026-08 or 2026.", param=parameter) from None


@click.command()
@click.argument("nct_id", metavar="ID", shell_complete=trial_id)
@click.option("--fetch", is_flag=True, help="Ask the registry for the versions before ours first, a request each.")
@registry_options
@as_json
@common
def history(nct_id: str, fetch: bool, registry: str, pace: float, as_json: bool, cache: Cache) -> None:
    """Tell the versions of a trial that are here, the oldest first, and what each changed.

    Versions stand in the order of their update dates, whenever they came here. --fetch reads the registry's internal
    history, which is undocumented and which some trials don't have.
    """
    from crawler import events
    from crawler.ids import nct_id as read_id
    from crawler.store import Store
    from serve.output import write_json
    from serve.story import version_lines
    from serve.terminal import clean, show_lines, width

    asked = read_id(nct_id)
    failed = _fetch(cache, asked, registry, pace) if fetch else []
    with Store.reading(cache) as store:
        ident = store.resolve(asked)
        for told in events.history(store, ident):
            if as_json:
                write_json(told)
            else:
                show_lines(version_lines(told, width(), clean))
        _tell_fate(store, asked, ident)
    for reason in failed:
        click.echo(f"trialkin: {clean(reason)}", err=True)
    if failed:
        sys.exit(1)


def _tell_fate(store: "Store", asked: str, ident: str) -> None:
    """Tell on stderr what versions can't: that the id is another trial's by now, or the trial gone."""
    if asked != ident:
        click.echo(f"trialkin: {asked} is an obsolete id of {ident}; these are the versions of that.", err=True)
    gone, _ = store.fate(ident)
    if gone is not None:
        click.echo(f"trialkin: {ident} is gone from the registry since {gone}.", err=True)


def _fetch(cache: Cache, asked: str, registry: str, pace: float) -> list[str]:
    """Fetch the versions before ours; the reasons of those that could not be had."""
    from crawler.errors import CacheEmpty
    from crawler.past import fetch_past
    from crawler.registry import History, Registry, history_base
    from crawler.store import Store
    from serve.terminal import progress

    if not cache.database.exists():
        raise CacheEmpty(cache.folder)
    with registry_address(registry) as (name, address), Store.writing(cache) as store:
        ident = store.resolve(asked)
        store.check_registry(name)
        with registry_client(address, pace) as client:
            timestamp = Registry(client).version().data_timestamp
        with registry_client(history_base(address), pace) as client, progress("versions") as advance:
            past = fetch_past(store, History(client), ident, timestamp, advance)
    versions = f"{past.listed:,} version{'' if past.listed == 1 else 's'}"
    told = (
        f"lists {versions}; {past.kept:,} {'was' if past.kept == 1 else 'were'} new here"
        if past.listed
        else "has no history of it"
    )
    click.echo(f"trialkin: the registry {told}.", err=True)
    return past.failed


@click.command()
@click.option("--since", metavar="DATE", callback=_day, help="Seen here on this day (UTC) or later.")
@click.option("--id", "ids", multiple=True, metavar="ID", shell_complete=trial_id, help="Only this trial; repeatable.")
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="low",
    show_default=True,
    shell_complete=listed(*SEVERITIES),
    help="Only what matters so much or more.",
)
@as_json
@common
def changes(since: int | None, ids: tuple[str, ...], severity: str, as_json: bool, cache: Cache) -> None:
    """Tell what happened to the trials here since the cache was first filled, newest first.

    Trials that changed, are new, are gone from the registry or became an alias of another; how much it matters, and
    why. An older record that came later is no news.
    """
    from crawler.events import events
    from crawler.store import Store
    from serve.output import write_json
    from serve.story import event_lines
    from serve.terminal import clean, show_lines, width

    day = "" if since is None else day_text(since)
    told = 0
    with Store.reading(cache) as store:
        for event in events(store, since=day, idents=_names(store, ids), least=severity):
            told += 1
            if as_json:
                write_json(event)
            else:
                show_lines(event_lines(event, width(), clean))
    if not told and not as_json:
        click.echo(f"trialkin: nothing happened since {day or 'the cache was filled'}.", err=True)


def _names(store: "Store", ids: tuple[str, ...]) -> tuple[str, ...]:
    """Ids as asked for, which tells of an alias, and as they are held."""
    from crawler.ids import nct_id

    asked = [nct_id(text) for text in ids]
    return tuple(dict.fromkeys([*asked, *map(store.resolve, asked)]))
