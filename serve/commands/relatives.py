"""`family`: a trial's relatives and what links them."""

import click

from crawler.config import Cache
from serve.commands.completion import trial_id
from serve.commands.options import as_json, common


@click.command()
@click.argument("nct_id", metavar="ID", shell_complete=trial_id)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Trials at most, itself too.")
@click.option("--format", "form", type=click.Choice(["dot", "json"]), help="Write dot (graphviz) or JSON.")
@as_json
@common
def family(nct_id: str, limit: int, form: str | None, as_json: bool, cache: Cache) -> None:
    """Show the trials that a trial is linked with, by which links, on what evidence.

    Extensions, roll-overs, expanded access, and trials that share an id or a paper, as far as the links lead within
    the cache. A number that many trials carry makes no family.
    """
    from functools import partial

    from crawler.store import Store
    from serve.family import family_of
    from serve.records import find
    from serve.terminal import clean, progress

    with Store.reading(cache) as store:
        held = find(store, nct_id)
        answer = family_of(store, held, limit, partial(progress, "records"))
    if as_json or form == "json":
        from serve.output import write_json

        write_json(answer)
    elif form == "dot":
        from serve.family_tree import dot
        from serve.output import write_bytes

        write_bytes(dot(answer, clean).encode())
    else:
        from serve.family_tree import lines
        from serve.terminal import show_lines, width

        show_lines(lines(answer, width(), clean))
