"""`search`: a question to the index; what `similar` asks and answers likewise."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from crawler.config import Cache
from crawler.errors import TrialkinError
from index.schema import SORT_KEYS
from serve.commands.completion import listed
from serve.commands.options import (
    as_json,
    as_of_option,
    chosen_form,
    common,
    engine_option,
    filter_options,
    form_option,
    made_filters,
    opened_index,
)

if TYPE_CHECKING:
    from index.query.tree import Filters, Node
    from index.search import Index, SearchPage, SearchRequest

_COLUMNS = ("nct_id", "title", "status", "phases", "conditions", "score")


def stdin_lines() -> Iterator[str]:
    """Lines of standard input as they come, without their ends, blank ones left out; bytes of no letter are U+FFFD."""
    for body in sys.stdin.buffer:
        line = body.decode("utf-8-sig", "replace")
        if line.strip():
            yield line.rstrip("\r\n")


def batch(key: str, answer: Callable[[str], None]) -> None:
    """Answer each line of stdin; one that fails is an object with the line and the error, and exit 1 at the end."""
    from serve.output import write_json

    failed = 0
    for line in stdin_lines():
        try:
            answer(line)
        except TrialkinError as error:
            failed += 1
            write_json({key: line, "error": str(error)})
    if failed:
        sys.exit(1)


def _sort(_context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, bool]:
    key, _, direction = value.partition(":")
    if key not in SORT_KEYS or direction not in {"", "asc", "desc"}:
        raise click.BadParameter(
            f"{value!r} is none of {', '.join(SORT_KEYS)}, each with :asc if wanted.", param=parameter
        )
    return key, direction == "asc"


@click.command()
@click.argument("query", required=False)
@filter_options
@click.option("--facets", is_flag=True, help="Count the trials found by status, phase, country and more.")
@click.option(
    "--sort",
    default="relevance",
    metavar="KEY[:asc]",
    callback=_sort,
    shell_complete=listed(*SORT_KEYS),
    help=f"One of {', '.join(SORT_KEYS)}; newest, largest or nearest first.",
)
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Hits to show.")
@click.option("--offset", type=click.IntRange(min=0), default=0, show_default=True, help="Hits to leave out first.")
@click.option("--explain-query", is_flag=True, help="Print how the query was understood, and search nothing.")
@click.option("--no-synonyms", is_flag=True, help="Look for the words as they are, not for what they are called too.")
@form_option
@as_of_option()
@engine_option
@as_json
@common
def search(
    query: str | None,
    facets: bool,
    explain_query: bool,
    no_synonyms: bool,
    sort: tuple[str, bool],
    limit: int,
    offset: int,
    form: str | None,
    as_of: int | None,
    engine: str,
    as_json: bool,
    cache: Cache,
    **options: Any,
) -> None:
    """Find trials: full text with facets. QUERY - reads a query a line from stdin.

    Words are ANDed and look everywhere; "quotes" make a phrase; AND, OR, NOT and brackets work; cond:, intr:,
    title:, phase:, status:, country:, start:2020..2022 and the registry's own AREA[Field] narrow a word.

    --as-of answers over the versions that `show --as-of` shows. Its index is a local one, also where today's is in
    OpenSearch; those of the last few days asked for are kept.
    """
    from crawler.dates import day_text
    from index.query.parse import parse
    from index.search import SearchRequest

    form = chosen_form(form, as_json=as_json)
    query = _typed(query)
    said = _said(query, options)
    made = made_filters(options)

    def request(text: str | None) -> SearchRequest:
        node = None if text is None else parse(text)
        return SearchRequest(text, node, made, facets, *sort, limit=limit, offset=offset, synonyms=not no_synonyms)

    if explain_query:
        _explain(query, made, as_json=as_json)
        return
    day = None if as_of is None else day_text(as_of)
    with opened_index(cache, engine, as_of) as index:
        tell_of_the_unplaced(index, made)
        if query == "-":
            name_the_nearest(index, made.values())
            batch("query", lambda line: _write_page(index.search(request(line), day), form or "json", offset))
            return
        page = _page(index, request(query), day, said)
    _write_page(page, form, offset)


def _typed(query: str | None) -> str | None:
    """Take a query as it was typed, and tell what it makes of the signs of other search boxes."""
    from serve.habits import misread

    text = None if query is None else query.encode("utf-8", "replace").decode()  # argv may hold bytes of no letter
    for sentence in misread(text or ""):
        click.echo(f"trialkin: {sentence}", err=True)
    return text


def _page(index: "Index", asked: "SearchRequest", as_of: str | None, said: str) -> "SearchPage":
    """Answer a request; values and words that nobody has are told with their nearest."""
    name_the_nearest(index, asked.trees)
    page = index.search(asked, as_of)
    if not page.total:
        _name_the_near_words(index, asked, said)
    return page


def _explain(query: str | None, made: "Filters", *, as_json: bool) -> None:
    """Tell how a query, or each line of stdin, and the filters were read."""
    from index.query.parse import parse
    from serve import output, understood

    def told(text: str | None) -> understood.Explanation:
        return understood.explanation(text, None if text is None else parse(text), made)

    if query == "-":
        batch("query", lambda line: output.write_json(told(line)))
    elif as_json:
        output.write_json(told(query))
    else:
        from serve.terminal import show_understood

        show_understood(understood.lines(told(query).understood))


def name_the_nearest(index: "Index", asked: "Iterable[Node]") -> None:
    """Tell of open values that no trial has, with the one that looks most like each."""
    from index.query.filters import unheld
    from serve.habits import quoted

    for missing in unheld(asked, index.columns):
        hint = f"; the nearest is {missing.nearest!r}" if missing.nearest else ""
        click.echo(f"trialkin: no trial here has {missing.key} {quoted(missing.value)}{hint}.", err=True)


def tell_of_the_unplaced(index: "Index", made: "Filters") -> None:
    """Tell how many trials --near can't find, since nobody knows where their sites are."""
    unplaced = index.unplaced() if "near" in made else 0
    if unplaced:
        what = "1 trial here has" if unplaced == 1 else f"{unplaced:,} trials here have"
        click.echo(f"trialkin: {what} only sites without coordinates, which --near can't find.", err=True)


def _said(query: str | None, options: dict[str, Any]) -> str:
    """All text that was typed."""
    from index.query.filters import TEXT_FLAGS

    return " ".join([query or "", *(value for name in TEXT_FLAGS for value in options[name])])


def _name_the_near_words(index: "Index", request: "SearchRequest", said: str) -> None:
    """Tell of words that no trial has, as they were typed, with the nearest that people use."""
    from index import analysis
    from serve.habits import quoted

    typed = {analysis.stem(word): word for word in analysis.words(said)}
    for term, near in index.misspelled(request):
        hint = f"; did you mean {near!r}?" if near else "."
        click.echo(f"trialkin: no trial here has the word {quoted(typed.get(term, term))}{hint}", err=True)


def _write_page(page: "SearchPage", form: str | None, offset: int) -> None:
    from serve import output

    if form == "json":
        output.write_json(page)
    elif form == "ids":
        output.write_bytes("".join(f"{hit.nct_id}\n" for hit in page.hits).encode())
    elif form == "csv":
        rows = [[getattr(hit, name) for name in _COLUMNS] for hit in page.hits]
        output.write_bytes(output.csv_text(_COLUMNS, rows).encode())
    else:
        from serve.terminal import show_page

        show_page(page, offset)
