"""`eval`'s answer as a table of plain text."""

from collections.abc import Iterator
from typing import Any

from index.similar.evaluation import METRICS

SHOWN_MISSING = 10
_CELL = 9
_NAMES = {"ours": "ours", "random": "random", "tfidf": "TF-IDF", "bm25": "BM25"}
_LABEL = 16


def lines(told: dict[str, Any]) -> Iterator[str]:
    """What was scored, a row of means and one of intervals for each ranking, what ours gains, what is missing."""
    yield (
        f"{told['queries_scored']:,} of {told['queries']:,} queries scored, "
        f"in {told['groups_scored']:,} of {told['groups']:,} groups"
    )
    if told["queries_scored"]:
        yield ""
        yield _row("", METRICS)
        yield from _rankings(told)
        yield ""
        yield from _notes(told)
    else:
        yield "There is nothing to score: of the table's queries that have candidates like them none is held here."
    if told["missing"]:
        yield _missing(told["missing"])


def _rankings(told: dict[str, Any]) -> Iterator[str]:
    for name, figures in (("ours", told), *told["baselines"].items()):
        yield _row(_NAMES[name], [_figure(figures[metric]) for metric in METRICS])
        if figures["intervals"] is not None:
            yield _row("", [_ends(*figures["intervals"][metric]) for metric in METRICS])
    for name, figures in told["baselines"].items():
        apart = [figures["differences"][metric] for metric in METRICS]
        yield _row(f"ours - {_NAMES[name]}", [_figure(each["mean"], "+") for each in apart])
        if apart[0]["low"] is not None:
            yield _row("", [_ends(each["low"], each["high"]) for each in apart])


def _notes(told: dict[str, Any]) -> Iterator[str]:
    if told["queries_incomplete"]:
        yield (
            f"Queries scored that lack some of their candidates here: {told['queries_incomplete']:,}; "
            "what is lacking counts as not found."
        )
    if told["intervals"] is None:
        yield "One group alone has no interval."
    else:
        bootstrap = told["bootstrap"]
        yield (
            f"Below each figure: its {bootstrap['confidence']:.0%} interval over groups "
            f"({bootstrap['draws']:,} draws, seed {bootstrap['seed']}); of a difference the paired one."
        )


def _missing(missing: list[str]) -> str:
    shown = ", ".join(missing[:SHOWN_MISSING])
    more = f" and {len(missing) - SHOWN_MISSING:,} more (all with --json)" if len(missing) > SHOWN_MISSING else ""
    counted = "1 trial" if len(missing) == 1 else f"{len(missing):,} trials"
    return f"{counted} of the table not held ({shown}{more}); eval --fetch gets them where the registry can be reached."


def _row(label: str, cells: Any) -> str:  # noqa: ANN401 - a row of anything shown
    return f"{label:<{_LABEL}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


def _figure(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:{sign}.3f}"


def _ends(low: float, high: float) -> str:
    return f"{_short(low)}–{_short(high)}"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1)
