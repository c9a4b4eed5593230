"""Answers for people in a terminal. Everything from a record is cleaned of control characters first."""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

if TYPE_CHECKING:  # what is shown is made elsewhere; showing a search must not load the crawler
    from crawler.crawl import Report
    from crawler.drift import Drift
    from crawler.refresh import Refreshed
    from crawler.repair import Repair
    from crawler.trial import Trial
    from index.facets import FacetCount
    from index.highlight import Highlight
    from index.search import Hit, SearchPage
    from index.suggest import Suggestion
    from serve.parity import Parity, Uncompared
    from serve.state import CacheState, Soundness
    from serve.wrapped import Line

BAR_CELLS = 20
_VALUES = {None: "(none)", True: "yes", False: "no"}  # of a facet, where they are no text
SHOWN_REACHED = 20
_MOST_SENTENCES = 20  # of what is wrong, mended or lost: a broken database can have one for each trial
_CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(text: str) -> str:
    """Return a text without anything that steers a terminal; each such character becomes a space."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(letter) in _CONTROL else letter for letter in text)


def console() -> Console:
    """Make a console on stdout."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while something advances; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _more: None
        return
    from rich.progress import (  # noqa: PLC0415 - 30 ms that only a bar needs
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    out = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda more: bar.advance(task, more)


def width() -> int:
    """Cells of a line of the terminal, 80 where stdout is none and nobody says (COLUMNS)."""
    return console().width


def show_lines(lines: "Iterable[Line]") -> None:
    """Print lines of styled text that is clean already."""
    out = console()
    for line in lines:
        out.print(Text.assemble(*((span.text, span.style) for span in line)))


def _facts(*parts: Any) -> str:  # noqa: ANN401 - shows anything
    shown = []
    for part in parts:
        text = ", ".join(part) if isinstance(part, list | tuple) else part
        if text:
            shown.append(clean(str(text)))
    return " · ".join(shown)


def show_page(page: "SearchPage", offset: int) -> None:
    """Print hits, and facets where they were asked for."""
    console().print(Text.assemble(*_page(page, offset)), end="")  # at once: 170 lines one by one take 40 ms more


def _page(page: "SearchPage", offset: int) -> Iterator[tuple[str, str]]:
    """Pieces of text, each with its style."""
    shown = f"{offset + 1}–{offset + len(page.hits)} of " if page.hits else ""
    day = "" if page.as_of is None else f" as of {page.as_of}"
    yield f"{shown}{page.total:,} trial{'' if page.total == 1 else 's'}{day}\n", "bold"
    if page.also:
        yield f"Looked for too: {_facts(*page.also)}\n", "dim"
    for place, hit in enumerate(page.hits, offset + 1):
        yield f"\n{place:>3}  {hit.nct_id}", "bold"
        yield f"  {clean(hit.title)}\n     {_facts(_far(hit), hit.status, hit.phases, hit.conditions[:4])}\n", ""
        for highlight in hit.highlights:
            if highlight.field == "brief_summary":
                yield from _marked(highlight)
    for key, counts in page.facets.items():
        yield f"\n{key}", "bold"
        yield f"{_cut(key, counts)}\n", "dim"
        yield from _bars(counts)


def _far(hit: "Hit") -> str | None:
    return None if hit.distance_km is None else f"{hit.distance_km:,.1f} km"


def _marked(highlight: "Highlight") -> Iterator[tuple[str, str]]:
    text, at = clean(highlight.text), 0
    before, behind = highlight.ellipses
    yield f"     {before}", "dim"
    for begin, end in highlight.spans:
        yield text[at:begin], "dim"
        yield text[begin:end], "dim bold"
        at = end
    yield f"{text[at:]}{behind}\n", "dim"


def _bars(counts: "Iterable[FacetCount]") -> Iterator[tuple[str, str]]:
    """Counts with bars, the longest for the largest; values nothing has are left out."""
    kept = [count for count in counts if count.count]
    most = max((count.count for count in kept), default=1)
    for count in kept:
        bar = "█" * max(1, round(BAR_CELLS * count.count / most))
        value = clean(count.value) if isinstance(count.value, str) else _VALUES[count.value]
        yield f"  {count.count:>8,}  ", ""
        yield f"{bar:<{BAR_CELLS}}", "cyan"
        yield f"  {value}\n", ""


def _cut(key: str, counts: "Iterable[FacetCount]") -> str:
    """Say of an open list that there may be more."""
    from index.facets import OPEN_FACET_VALUES  # noqa: PLC0415 - a search has it already, another command needs none
    from index.schema import FACETS  # noqa: PLC0415

    told = sum(count.value is not None for count in counts)
    return f"  the {told} most frequent" if FACETS[key].closed is None and told >= OPEN_FACET_VALUES else ""


def show_suggestions(found: "list[Suggestion]") -> None:
    """Print names with their kinds and how many trials have them."""
    out = console()
    for name in found:
        out.print(f"{name.count:>8,}  [dim]{name.kind:<12}[/]  {escape(clean(name.text))}")


def show_trial(trial: "Trial", data_timestamp: str | None) -> None:
    """Print one trial."""
    out = console()
    out.print(f"[bold]{trial.nct_id}[/]  {escape(clean(trial.title))}")
    if trial.gone:
        out.print(f"[bold]Gone from the registry since {trial.gone}[/]")
    sponsor = None if trial.lead_sponsor is None else trial.lead_sponsor.name
    rows = (
        ("Status", _facts(trial.status, trial.why_stopped)),
        (
            "Design",
            _facts(trial.study_type, trial.phases, trial.allocation, trial.masking, trial.primary_purpose),
        ),
        ("Dates", _facts(_dated("start", trial.start_date), _dated("completion", trial.completion_date))),
        ("Updated", _facts(trial.last_update_posted)),
        ("Enrollment", "" if trial.enrollment is None else f"{trial.enrollment:,}"),
        ("Sponsor", _facts(sponsor)),
        ("Conditions", _facts(trial.conditions)),
        ("Interventions", _facts([i.name for i in trial.interventions if i.name])),
        ("Takes", _facts(trial.sex, _dated("from", trial.minimum_age), _dated("to", trial.maximum_age))),
        ("Countries", _facts(trial.countries)),
        ("Also known as", _facts(trial.aliases, trial.org_study_id)),
        ("Data of", _facts(data_timestamp or "a file, no registry date")),
    )
    for label, text in rows:
        if text:
            out.print(f"  [dim]{label:<14}[/]{escape(text)}")
    for label, body in (("Summary", trial.brief_summary), ("Eligibility", trial.eligibility_criteria)):
        if body:
            lines = "\n".join(f"  {clean(line)}" for line in body.splitlines())
            out.print(f"\n[bold]{label}[/]\n{escape(lines)}")
    out.print()


def _dated(word: str, value: str | None) -> str:
    return f"{word} {value}" if value else ""


def _undated(registry: str | None) -> str:
    """Say why a cache has no date of a registry's data."""
    return "files, no registry date" if registry is None else "no date yet: no run from the registry has ended"


def show_state(state: "CacheState") -> None:
    """Print what a cache holds."""
    out = console()
    if not state.versions:
        out.print(f"{escape(state.cache)} is empty. Fill it with `trialkin crawl NCT05300932` or `trialkin load FILE`.")
        return
    rows = (
        ("cache", state.cache),
        ("trials", f"{state.trials:,}"),
        ("gone", f"{state.gone:,}"),
        ("versions", f"{state.versions:,}"),
        ("registry", _facts(state.registry or "none (from files)", state.scope)),
        ("data of", state.data_timestamp or _undated(state.registry)),
        ("index", _facts(state.engine or "none", f"{state.indexed:,} trials", state.indexed_at)),
        ("", _behind(state.writer) if state.behind else "up to date"),
        ("writer now", state.writer or ""),
    )
    for label, text in rows:
        if text:
            out.print(f"  [dim]{label:<12}[/]{escape(clean(text))}")
    for title, told in (
        ("Fields not in the registry's list", state.unknown_fields),
        ("Problems", state.problems),
    ):
        if told:
            out.print(f"\n[bold]{title}[/]")
            for name, value in told.items():
                out.print(f"  {escape(clean(name))}: {escape(clean(str(value)))}")


def show_drift(found: "Drift") -> None:
    """Print which fields are unknown, with examples, and which known ones records lost."""
    out = console()
    out.print(
        "\n[bold]Fields not in the registry's list[/]" if found.unknown else "\nEvery field is in the registry's list."
    )
    for unknown in found.unknown:
        out.print(f"  {escape(clean(unknown.path))}: {unknown.trials:,} trial{'' if unknown.trials == 1 else 's'}")
        for example in unknown.examples:
            out.print(f"    [dim]{example.nct_id}  {escape(clean(example.value))}[/]")
    out.print(f"\n[bold]Known fields that records lost[/] [dim](of {found.compared:,} with a record before)[/]")
    for fallen in found.fallen:
        shares = f"filled in {fallen.before:.1%} before, {fallen.now:.1%} now"
        out.print(f"  {fallen.path}: {shares}  [dim]{' '.join(fallen.examples)}[/]")
    if not found.fallen:
        out.print("  none")


def _behind(writer: str | None) -> str:
    return f"behind the records: {'run `trialkin index`' if writer is None else 'they are being brought in'}"


def show_soundness(found: "Soundness") -> None:
    """Print whether everything is what was written."""
    out = console()
    out.print("checked " + ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.checked.items()))
    _print_first(out, "", found.problems)
    out.print("[bold]sound[/]" if found.sound else f"[bold]{len(found.problems)} wrong[/]")


def show_repair(repair: "Repair") -> None:
    """Print what is whole again and what is not to be had."""
    out = console()
    _print_first(out, "repaired: ", repair.repaired)
    _print_first(out, "[bold]lost:[/] ", repair.lost)


def _print_first(out: "Console", mark: str, sentences: Sequence[str]) -> None:
    for told in sentences[:_MOST_SENTENCES]:
        out.print(mark + escape(clean(told)))
    if len(sentences) > _MOST_SENTENCES:
        out.print(f"{mark}… and {len(sentences) - _MOST_SENTENCES:,} more (all with --json)")


def show_crawl(report: "Report") -> None:
    """Print what a crawl reached and by which links."""
    out = console()
    left = ", ".join(f"{count} beyond the {what}" for what, count in report.left.items() if count)
    out.print(
        f"[bold]{len(report.reached)} trials[/] in {report.calls} requests: {report.fetched} new or changed, "
        f"{report.unchanged} unchanged, {len(report.failed)} not to be had{'; left out: ' + left if left else ''}"
    )
    for reached in report.reached[:SHOWN_REACHED]:
        first, *others = reached.because
        more = f" (+{len(others)})" if others else ""
        source = f" from {first.source}" if first.source else ""
        out.print(
            f"  {reached.nct_id}  depth {reached.depth}  [cyan]{first.kind}[/]{escape(clean(source))}: "
            f"{escape(clean(first.evidence[:110]))}{more}"
        )
    if len(report.reached) > SHOWN_REACHED:
        out.print(f"  … and {len(report.reached) - SHOWN_REACHED} more (all with --json)")


def show_refresh(report: "Refreshed") -> None:
    """Print what a refresh came to."""
    told = ", ".join(f"{count:,} {what}" for what, count in report.counts.items() if count)
    told = told or ("nothing new" if report.stopped is None else "nothing taken in")
    failed = f", {len(report.failed):,} not to be had" if report.failed else ""
    calls = f"{report.calls:,} request{'' if report.calls == 1 else 's'}"
    of = escape(clean(report.data_timestamp or "–"))
    console().print(f"[bold]{told}[/]{failed} in {calls}; the registry's data is of {of}")


def show_understood(lines: Iterable[str]) -> None:
    """Print how a query was read, as a small tree."""
    out = console()
    for line in lines:
        out.print(escape(clean(line)), highlight=False)


def show_uncompared(found: "Uncompared") -> None:
    """Print why a query was not compared, with the caret where it belongs."""
    out = console()
    out.print(f"[bold]{escape(clean(found.query))}[/]")
    for line in found.error.split("\n"):
        out.print(f"  {escape(clean(line))}")


def show_parity(found: "Parity") -> None:
    """Print one query's counts here and at the registry, and where they differ."""
    out = console()
    verdict = "same" if found.same else "differs"
    counts = f"{found.ours:,} here, {found.registry:,} there (of {found.registry_total:,} at the registry)"
    out.print(f"[bold]{escape(clean(found.query))}[/]  {verdict}: {counts}")
    for side, differences in (("only there", found.only_registry), ("only here", found.only_ours)):
        for difference in differences:
            out.print(f"  {side}: {difference.nct_id}  {escape(clean(difference.reason))}")
