"""`suggest`: what a prefix may become."""

import click

from crawler.config import Cache
from index.schema import NAME_KINDS
from serve.commands.completion import name_of
from serve.commands.options import as_json, common, opened_index


@click.command()
@click.argument("prefix", shell_complete=name_of("condition"))
@click.option("--kind", "kinds", type=click.Choice(NAME_KINDS), multiple=True, help="Only names of this kind.")
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Names to show.")
@as_json
@common
def suggest(prefix: str, kinds: tuple[str, ...], limit: int, as_json: bool, cache: Cache) -> None:
    """Complete a PREFIX to conditions, interventions and sponsors of the trials here, most frequent first.

    Case and accents make no difference, and any word of a name may begin so: scler gives Systemic Sclerosis.
    """
    with opened_index(cache) as index:
        found = index.names.suggestions(prefix, kinds or NAME_KINDS, limit)
        timestamp = index.manifest.data_timestamp
    if as_json:
        from serve.output import write_json

        write_json({"prefix": prefix, "suggestions": found, "data_timestamp": timestamp})
        return
    from serve.terminal import show_suggestions

    show_suggestions(found)
