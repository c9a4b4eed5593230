"""`show`, `status`, `verify`: what the cache holds and whether it is whole."""

import sys

import click

from crawler.config import Cache
from serve.commands.completion import trial_id
from serve.commands.fetch import pace_option, registry_option
from serve.commands.find import batch
from serve.commands.options import as_json, as_of_option, common


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...|-", shell_complete=trial_id)
@click.option("--raw", is_flag=True, help="The record as it was fetched, byte for byte.")
@as_of_option("As the registry had it at the end of this day.")
@as_json
@common
def show(ids: tuple[str, ...], raw: bool, as_of: int | None, as_json: bool, cache: Cache) -> None:
    """Show trials, one a line with --json. ID - reads an id a line from stdin.

    --as-of takes the version that was the newest then, of those that are here, by their update dates; where a record
    changed without a new one, by the day on which we saw it.
    """
    from crawler.as_of import StoreAsOf
    from crawler.store import Store
    from serve.output import write_bytes, write_json
    from serve.records import find, find_raw, one_line, shown

    with Store.reading(cache) if as_of is None else StoreAsOf.as_of(cache, as_of) as store:

        def one(text: str, *, machine: bool) -> None:
            if raw:
                write_bytes(one_line(find_raw(store, text, as_of).body))
                return
            held = find(store, text, as_of)
            if machine:
                write_json(shown(held))
            else:
                from serve.terminal import show_trial

                if held.state is not None:
                    told = f"version {held.state.place} of {held.trial.nct_id}, there since {held.state.since}"
                    click.echo(f"trialkin: {told}.", err=True)
                show_trial(held.trial, held.data_timestamp)

        if ids == ("-",):
            batch("nct_id", lambda line: one(line, machine=True))
        elif raw and len(ids) == 1:
            write_bytes(find_raw(store, ids[0], as_of).body)
        else:
            for text in ids:
                one(text, machine=as_json)


@click.command()
@click.option("--fields", is_flag=True, help="Also which fields are new to us, and which known ones records lost.")
@as_json
@common
def status(fields: bool, as_json: bool, cache: Cache) -> None:
    """Tell what the cache holds, how old it is, where it is from, which engine searches it."""
    import msgspec

    from serve.output import write_json
    from serve.state import cache_state, field_state

    state = cache_state(cache)
    drift = field_state(cache) if fields else None
    if as_json:
        told = msgspec.to_builtins(state)
        write_json(told if drift is None else {**told, "fields": drift})
        return
    from serve.terminal import show_drift, show_state

    if drift is None:
        show_state(state)
    else:
        show_state(msgspec.structs.replace(state, unknown_fields={}))
        show_drift(drift)


@click.command()
@click.option("--repair", is_flag=True, help="Mend it: fetch again what is damaged, build anew what is derived.")
@registry_option("The API's base to repair from; by default the cache's own.")
@pace_option
@as_json
@common
def verify(repair: bool, registry: str | None, pace: float, as_json: bool, cache: Cache) -> None:
    """Check every stored byte, the index's files, and the index against the records; exit 1 where one is wrong.

    --repair asks the registry only for the records that are damaged. What nobody can give back is set aside in the
    cache and told; exit 1 then too.
    """
    import msgspec

    from serve.output import write_json
    from serve.state import soundness
    from serve.terminal import show_repair, show_soundness

    source = click.get_current_context().get_parameter_source("registry")
    if source is click.core.ParameterSource.COMMANDLINE and not repair:
        raise click.UsageError("--registry is for --repair.")
    if repair:
        from serve.commands.repair import repaired

        mended = repaired(cache, registry, pace)
    found = soundness(cache)
    told = msgspec.to_builtins(found)
    if repair:
        told |= {"repaired": mended.repaired, "lost": mended.lost}
    if as_json:
        write_json(told)
    else:
        if repair:
            show_repair(mended)
        show_soundness(found)
    if not found.sound or (repair and mended.lost):
        sys.exit(1)
