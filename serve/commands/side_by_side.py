"""`compare`: trials side by side."""

import click

from crawler.config import Cache
from serve.commands.completion import trial_id
from serve.commands.options import as_json, common


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ID...", shell_complete=trial_id)
@as_json
@common
def compare(ids: tuple[str, ...], as_json: bool, cache: Cache) -> None:
    """Show two to five trials side by side, field by field, and mark what differs.

    Lists are compared as sets; eligibility criteria and long texts sentence by sentence, whatever their case, spaces,
    bullets and numbers.
    """
    from crawler.store import Store
    from index.compare import check_count
    from serve.records import find
    from serve.side_by_side import compared

    check_count(len(ids))
    with Store.reading(cache) as store:
        answer = compared([find(store, text) for text in ids])
    if as_json:
        from serve.output import write_json

        write_json(answer)
        return
    from serve.side_by_side import lines
    from serve.terminal import clean, show_lines, width

    show_lines(lines(answer, width(), clean))
