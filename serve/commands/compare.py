"""`parity`: our search beside the registry's own."""

import sys
from typing import IO

import click

from crawler.config import Cache
from serve.commands.fetch import registry_address, registry_client, registry_options
from serve.commands.options import as_json, common, opened_index


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"), metavar="FILE|-")
@registry_options
@as_json
@common
def parity(file: IO[str], registry: str, pace: float, as_json: bool, cache: Cache) -> None:
    """Compare search with the registry's, for each query (a line) of a file, over the trials held here.

    Tells both counts, the ids that differ and the likely reason; exit 1 where a query could not be compared.
    """
    from crawler.registry import Registry
    from crawler.store import Store
    from serve.output import write_json
    from serve.parity import Comparison, Uncompared
    from serve.terminal import show_parity, show_uncompared

    failed = False
    with (
        opened_index(cache) as index,
        Store.reading(cache) as store,
        registry_address(registry) as (_, address),
        registry_client(address, pace) as client,
    ):
        comparison = Comparison(index, store, Registry(client))
        for line in file:
            query = line.strip()
            if not query:
                continue
            found = comparison.of(query)
            failed |= isinstance(found, Uncompared)
            if as_json:
                write_json(found)
            elif isinstance(found, Uncompared):
                show_uncompared(found)
            else:
                show_parity(found)
    if failed:
        sys.exit(1)
