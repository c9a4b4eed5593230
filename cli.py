"""The command line: which command lives where, and the only exit codes.

0 done, also where nothing was found; 1 failed or partly failed; 2 wrong usage; 3 news of a watch. An error is one
sentence on stderr.
"""

import atexit
import gc
import os
import sys
from importlib import import_module
from typing import cast

import click

# numpy's algebra library starts threads when it is loaded, a fifth of a short command's time; we do no algebra.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Name → where it lives. Loaded when asked for: `trialkin search` should not pay for `crawl`.
COMMANDS = {
    "crawl": "serve.commands.fetch:crawl",
    "refresh": "serve.commands.renew:refresh",
    "load": "serve.commands.collect:load",
    "index": "serve.commands.collect:index_command",
    "search": "serve.commands.find:search",
    "similar": "serve.commands.similar:similar",
    "compare": "serve.commands.side_by_side:compare",
    "family": "serve.commands.relatives:family",
    "suggest": "serve.commands.words:suggest",
    "show": "serve.commands.look:show",
    "history": "serve.commands.past:history",
    "changes": "serve.commands.past:changes",
    "watch": "serve.commands.watch:watch",
    "status": "serve.commands.look:status",
    "verify": "serve.commands.look:verify",
    "parity": "serve.commands.compare:parity",
    "eval": "serve.commands.judge:eval_command",
    "serve": "serve.commands.host:serve",
    "demo": "serve.commands.host:demo",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the work, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; None where there is none of that name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        return cast("click.Command", getattr(import_module(module), name))


def _version(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's form
    if asked and not context.resilient_parsing:
        from crawler.config import program_version

        click.echo(f"trialkin {program_version()}")
        context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def trialkin() -> None:
    """Crawl clinical trials from one to its relatives, search them, and ask which are alike, and why."""


def main() -> None:
    """Run the command line and exit."""
    # At the end Python looks for garbage in all that was loaded, a tenth of a short command's time; it need not.
    atexit.register(gc.freeze)
    try:
        sys.exit(trialkin(standalone_mode=False) or 0)
    except click.ClickException as error:
        _fail(_usage(error), error.exit_code)
    except click.Abort:
        _fail("stopped", 130)
    except BrokenPipeError:
        # The reader went away (`| head`): not our failure, and nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("TRIALKIN_DEBUG"):
            raise
        _fail(*_sentence(error))


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = "trialkin" if context is None else context.command_path
    return f"{error.format_message()} See `{command} --help`."


def _sentence(error: Exception) -> tuple[str, int]:
    """What to tell of an error, and the exit code."""
    import sqlite3

    from crawler.errors import TrialkinError

    if isinstance(error, TrialkinError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}. Free space or mend the permissions, then run it again.", 1
    if isinstance(error, sqlite3.Error):
        return f"the cache's database failed: {error}. Run `trialkin verify`.", 1
    return f"{type(error).__name__}: {error} (a fault of trialkin; run it with --debug for the traceback)", 1


def _fail(sentence: str, code: int) -> None:
    print(f"trialkin: {sentence}", file=sys.stderr)  # noqa: T201 - the one place that tells of an error
    sys.exit(code)


if __name__ == "__main__":
    main()
