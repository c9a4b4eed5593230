"""`serve` and `demo`: the mirror as a server, and the whole way on the bundled sample."""

import tempfile
from pathlib import Path

import click

from crawler.config import SAMPLE, Cache
from serve.commands.options import common

DEMO_SEED = "NCT05300932"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@common
def serve(host: str, port: int, cache: Cache) -> None:
    """Serve web pages, JSON (/api) and the registry's own API (/api/v2) from the cache."""
    from index.manifest import read_manifest
    from serve.commands.options import opened_index
    from serve.server import application, listen, run

    with opened_index(cache):
        manifest = read_manifest(cache.index)
    listener = listen(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    click.echo(f"{manifest.documents:,} trials at {address}/ (pages), /api and /api/v2; Ctrl-C ends it", err=True)
    run(application(cache), listener)


@click.command()
@common
@click.pass_context
def demo(context: click.Context, cache: Cache) -> None:  # noqa: ARG001 - the demo has a cache of its own
    """Go the whole way on the bundled sample, without a network, in a temporary cache."""
    from serve.commands.fetch import crawl
    from serve.commands.find import search
    from serve.commands.look import verify
    from serve.commands.similar import similar

    with tempfile.TemporaryDirectory(prefix="trialkin-demo-") as folder:
        held = Cache(Path(folder))
        steps = (
            (crawl, (DEMO_SEED, "--registry", SAMPLE, "--pace", "0")),
            (search, ("systemic sclerosis", "--facets", "--limit", "3")),
            (similar, (DEMO_SEED, "--why", "--limit", "5")),
            (verify, ()),
        )
        for command, words in steps:
            shown = " ".join(f"'{word}'" if " " in word else word for word in words)
            click.secho(f"\n$ trialkin {command.name} {shown}".rstrip(), bold=True)
            command.main([*words, "--cache", str(held.folder)], standalone_mode=False, parent=context.parent)
    click.echo("\nNow with the real registry: trialkin crawl NCT05300932")
