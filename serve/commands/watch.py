"""`watch`: saved searches and neighbourhoods, and what entered, left or changed since last time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.config import Cache
from serve.commands.completion import trial_id
from serve.commands.options import as_json, common

if TYPE_CHECKING:
    from crawler.store import Store

NEWS_EXIT = 3  # so that cron can mail it
ACTIONS = ("add", "list", "remove", "run", "feed")


@click.command()
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("name", required=False)
@click.argument("query", required=False)
@click.option("--near", metavar="ID", shell_complete=trial_id, help="add: watch the trials closest to this one.")
@click.option("--closest", type=click.IntRange(1, 1000), default=20, show_default=True, help="add: so many of them.")
@click.option("--format", "form", type=click.Choice(["atom", "json"]), default="atom", help="feed: Atom or JSON Feed.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="feed: write this file.")
@as_json
@common
def watch(
    action: str,
    name: str | None,
    query: str | None,
    near: str | None,
    closest: int,
    form: str,
    output: Path | None,
    as_json: bool,
    cache: Cache,
) -> None:
    """Watch a search or a trial's neighbourhood: what entered, left or changed since last time.

    add NAME QUERY saves a search, add NAME --near ID the neighbourhood of a trial; list; remove NAME; run [NAME] tells
    the news in Markdown and exits with 3 where there are any (the first run is the baseline); feed writes the news of
    all runs so far.
    """
    _check(action, name, query, near)
    if action == "add":
        _add(cache, name or "", query, near, closest)
    elif action == "list":
        _list(cache, as_json=as_json)
    elif action == "remove":
        _remove(cache, name or "")
    elif action == "run":
        _run(cache, name, as_json=as_json)
    elif action == "feed":
        _feed(cache, form, output)


def _check(action: str, name: str | None, query: str | None, near: str | None) -> None:
    """Refuse words that an action does not take, and the lack of those that it needs."""
    if action in {"add", "remove"} and not (name and name.strip() and name.isprintable()):
        raise click.UsageError(f"`watch {action}` needs the watch's name.")
    if action == "add" and (query is None) == (near is None):
        raise click.UsageError("`watch add NAME` needs a query, or --near ID, and not both.")
    if action != "add" and (query is not None or near is not None):
        raise click.UsageError(f"`watch {action}` takes no query and no --near.")
    if action in {"list", "feed"} and name is not None:
        raise click.UsageError(f"`watch {action}` takes no name.")


@contextmanager
def _writing(cache: Cache) -> "Iterator[Store]":
    from crawler.errors import CacheEmpty
    from crawler.store import Store

    if not cache.database.exists():
        raise CacheEmpty(cache.folder)
    with Store.writing(cache) as store:
        yield store


def _add(cache: Cache, name: str, query: str | None, near: str | None, closest: int) -> None:
    from crawler import watches
    from crawler.ids import nct_id
    from index.query.parse import parse

    if query is not None:
        parse(query)
    with _writing(cache) as store:
        ident = None if near is None else store.resolve(nct_id(near))
        watches.add(store, name, query=query, near=ident, closest=closest)
    click.echo(f"trialkin: watching {name!r}; the first `trialkin watch run` is its baseline.", err=True)


def _list(cache: Cache, *, as_json: bool) -> None:
    from crawler import watches
    from crawler.store import Store
    from serve.output import write_json
    from serve.terminal import clean

    with Store.reading(cache) as store:
        fetched = {"data_timestamp": store.data_timestamp}
        for one in watches.watches(store):
            found = len(watches.members(store, one.name))
            if as_json:
                told = {"name": one.name, "query": one.query, "near": one.near, "added_at": one.added_at}
                closest = {"closest": one.closest} if one.near else {}
                write_json({**told, **closest, "ran_at": one.ran_at, "members": found, **fetched})
            else:
                what = f"the {one.closest} closest to {one.near}" if one.near else clean(one.query or "")
                when = f"{found:,} trials, {one.ran_at}" if one.ran_at else "not run yet"
                click.echo(f"{one.name}: {what} ({when})")


def _remove(cache: Cache, name: str) -> None:
    from crawler import watches

    with _writing(cache) as store:
        watches.remove(store, name)


def _run(cache: Cache, name: str | None, *, as_json: bool) -> None:
    from crawler import watches
    from serve.commands.options import opened_index
    from serve.feeds import digest
    from serve.output import write_bytes, write_json
    from serve.watching import run

    news = failed = 0
    with _writing(cache) as store, opened_index(cache) as index:
        wanted = watches.watches(store) if name is None else [watches.watch(store, name)]
        for told in run(store, index, wanted):
            news += told.any
            failed += told.error is not None
            if as_json:
                write_json(told)
            else:
                write_bytes(f"{digest(told)}\n".encode())
    if not wanted:
        click.echo("trialkin: nothing is watched; begin with `trialkin watch add NAME QUERY`.", err=True)
    if failed:
        sys.exit(1)
    if news:
        sys.exit(NEWS_EXIT)


def _feed(cache: Cache, form: str, output: Path | None) -> None:
    import msgspec

    from crawler.store import Store
    from crawler.watches import news_told
    from serve.feeds import atom, json_feed
    from serve.output import write_bytes

    with Store.reading(cache) as store:
        told = news_told(store)
    body = atom(told).encode() if form == "atom" else msgspec.json.format(msgspec.json.encode(json_feed(told))) + b"\n"
    if output is None:
        write_bytes(body)
    else:
        output.write_bytes(body)
