"""`similar`: what a trial, several, or a text is like."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from crawler.config import Cache
from serve.commands.completion import listed, trial_id
from serve.commands.find import batch, name_the_nearest, tell_of_the_unplaced
from serve.commands.options import (
    as_json,
    as_of_option,
    chosen_form,
    common,
    engine_option,
    filter_options,
    form_option,
    made_filters,
    opened_as_of,
    opened_index,
)

if TYPE_CHECKING:
    from crawler.store import Store
    from serve.drafts import Draft
    from serve.neighbours import SimilarAnswer

_ASPECTS = ("condition", "intervention", "design", "eligibility", "outcomes", "sponsor")  # index.similar.aspects'


@click.command()
@click.argument("asked", nargs=-1, metavar="ID...|-", shell_complete=trial_id)
@filter_options
@click.option("--text", metavar="FILE", help="Compare with a text that has no id yet: a synopsis, or a record as JSON.")
@click.option(
    "--by",
    metavar="ASPECT",
    shell_complete=listed(*_ASPECTS),
    help=f"Compare by {', '.join(_ASPECTS[:-1])} or {_ASPECTS[-1]} first, not by the whole.",
)
@click.option(
    "--unlike",
    metavar="ASPECT",
    shell_complete=listed(*_ASPECTS),
    help="Leave out what is the same in this: another intervention, another sponsor, and so on.",
)
@click.option("--diverse", is_flag=True, help="Put what resembles a better hit further down.")
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Trials to show.")
@click.option("--why", "reasons", is_flag=True, help="Say what each shares and how much each part gave.")
@form_option
@as_of_option()
@engine_option
@as_json
@common
def similar(
    asked: tuple[str, ...],
    text: str | None,
    by: str | None,
    unlike: str | None,
    diverse: bool,
    limit: int,
    reasons: bool,
    form: str | None,
    as_of: int | None,
    engine: str,
    as_json: bool,
    cache: Cache,
    **options: Any,
) -> None:
    """List the trials most like a given one, itself left out. Several IDs: what is like all of them.

    ID - reads an id a line from stdin and writes one JSON object a line; --text - reads a text from there.

    --as-of compares the versions of that day, by its own statistics, as `search --as-of` searches them.
    """
    from crawler.dates import day_text
    from crawler.ids import nct_id
    from index.similar.aspects import Comparison
    from serve.neighbours import Neighbours

    if bool(asked) == (text is not None):
        raise click.UsageError("Give an ID, several, or --text FILE" + (", not both." if asked else "."))
    form = chosen_form(form, as_json=as_json)
    comparison = Comparison.read(by, unlike, diverse=diverse)
    made = made_filters(options)
    ids = [] if asked == ("-",) else [nct_id(text) for text in asked]
    draft = None if text is None else _draft(text)
    day = None if as_of is None else day_text(as_of)
    with _opened(cache, engine, as_of, ids) as (index, store):
        name_the_nearest(index, made.values())
        tell_of_the_unplaced(index, made)
        neighbours = Neighbours(index, store, made, limit, reasons=reasons, comparison=comparison, as_of=day)
        if asked == ("-",):
            batch(
                "nct_id",
                lambda line: _write(neighbours.of([nct_id(line)], line.strip()), form or "json"),
            )
            return
        answer = neighbours.of(ids, None) if draft is None else neighbours.of_text(draft)
    _write(answer, form)


@contextmanager
def _opened(cache: Cache, engine: str, as_of: int | None, ids: list[str]) -> Iterator[tuple[Any, "Store"]]:
    """Open index and records, today's or those of a day; VersionUnknown before an index is built for nothing."""
    from crawler.as_of import StoreAsOf
    from crawler.store import Store

    if as_of is not None:
        with StoreAsOf.as_of(cache, as_of) as store:
            for nct_id in ids:
                store.raw(store.resolve(nct_id))
        with opened_as_of(cache, engine, as_of) as opened:
            yield opened
        return
    with opened_index(cache, engine) as index, Store.reading(cache) as store:
        yield index, store


def _draft(source: str) -> "Draft":
    """Read a text, and say on stderr how it was understood."""
    from serve.drafts import read
    from serve.terminal import clean

    draft = read(source)
    headings = ", ".join(dict.fromkeys(clean(heading.heading) for heading in draft.understood.headings))
    how = {
        "record": "as a registry record",
        "headings": f"by its headings: {headings}",
        "plain": "without headings: its first line as the title, the rest as the summary",
    }[draft.understood.form]
    click.echo(f"trialkin: {clean(draft.name)} was read {how}.", err=True)
    return draft


def _write(answer: "SimilarAnswer", form: str | None) -> None:
    from serve import output

    if form == "json":
        output.write_json(answer)
        return
    if form is None:
        from serve.likeness import lines
        from serve.terminal import clean, show_lines, width

        show_lines(lines(answer, width(), clean))
        return
    if answer.note is not None:
        click.echo(f"trialkin: {answer.note}", err=True)
    if form == "ids":
        output.write_bytes("".join(f"{hit.nct_id}\n" for hit in answer.hits).encode())
    else:
        rows = [(hit.nct_id, hit.title, hit.score) for hit in answer.hits]
        output.write_bytes(output.csv_text(("nct_id", "title", "score"), rows).encode())
