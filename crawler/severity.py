"""Pure: how much a change matters, by rules, each with its reason."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import msgspec

from crawler.changes import Change, lost_and_added, named
from crawler.dates import first_day, last_day
from crawler.points import folded
from crawler.trial import Outcome, Trial

SEVERITIES = ("low", "medium", "high")  # the least first
LOW, MEDIUM, HIGH = SEVERITIES

STOPPED = {"TERMINATED", "SUSPENDED", "WITHDRAWN"}
ENROLLMENT_SHARE = 5  # a fifth of what was planned: 20 %
MOVED_DAYS = 30
SHOWN_CHARACTERS = 90


class Reason(msgspec.Struct, frozen=True):
    """A rule that holds, what it says of this change, and how much that matters."""

    rule: str
    severity: str
    text: str


Told: TypeAlias = Callable[[Trial, Trial], str | None]


@dataclass(frozen=True)
class Rule:
    """`tell` gives the reason where the rule holds; it is asked where one of its `fields` changed."""

    name: str
    severity: str
    fields: Collection[str]
    tell: Told


def _short(text: str | None) -> str:
    line = " ".join((text or "none").split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _moved_to(status: str) -> Told:
    def tell(before: Trial, after: Trial) -> str | None:
        return f"status {before.status or 'none'} → {status}" if after.status == status else None

    return tell


def _status(before: Trial, after: Trial) -> str | None:
    told = f"status {before.status or 'none'} → {after.status or 'none'}"
    return None if after.status in STOPPED else told


def _why_stopped(_before: Trial, after: Trial) -> str | None:
    return None if after.why_stopped is None else f"why stopped: {_short(after.why_stopped)}"


def _primary_outcome(before: Trial, after: Trial) -> str | None:
    lost, gained = _apart(_measures(before.primary_outcomes), _measures(after.primary_outcomes))
    if len(lost) == len(gained) == 1:
        return f"primary outcome “{_short(lost[0])}” → “{_short(gained[0])}”"
    if not lost and not gained:
        return "a primary outcome is described otherwise"
    return f"primary outcomes: {len(lost)} gone, {len(gained)} new"


def _measures(outcomes: Sequence[Outcome]) -> list[str]:
    frames = (f" [{outcome.time_frame}]" if outcome.time_frame else "" for outcome in outcomes)
    return [f"{outcome.measure or ''}{frame}" for outcome, frame in zip(outcomes, frames, strict=True)]


def _apart(before: Iterable[str], after: Iterable[str]) -> tuple[list[str], list[str]]:
    """Names that only the first list has, and those that only the second has."""
    old, new = ({folded(name): name for name in names} for names in (before, after))
    return [old[key] for key in old if key not in new], [new[key] for key in new if key not in old]


def _enrollment(before: Trial, after: Trial) -> str | None:
    old, new = before.enrollment, after.enrollment
    if old is None or new is None or ENROLLMENT_SHARE * abs(new - old) < old:
        return None
    share = f" ({round(100 * (new - old) / old):+d} %)" if old else ""
    return f"enrollment {old:,} → {new:,}{share}"


def moved_days(before: str | None, after: str | None) -> int:
    """Days between the first days of two dates; 0 where one is absent or only says the other more exactly."""
    if before is None or after is None:
        return 0
    if first_day(before) <= first_day(after) <= last_day(after) <= last_day(before):
        return 0
    if first_day(after) <= first_day(before) <= last_day(before) <= last_day(after):
        return 0
    return (_day(after) - _day(before)).days


def _day(text: str) -> date:
    return date.fromisoformat(str(first_day(text)))


def _moved(field: str, name: str) -> Told:
    def tell(before: Trial, after: Trial) -> str | None:
        old, new = getattr(before, field), getattr(after, field)
        days = moved_days(old, new)
        later = "later" if days > 0 else "earlier"
        return f"{name} {old} → {new}, {abs(days)} days {later}" if abs(days) >= MOVED_DAYS else None

    return tell


def _results(before: Trial, after: Trial) -> str | None:
    had = before.has_results or before.results_posted is not None
    has = after.has_results or after.results_posted is not None
    on = f" on {after.results_posted}" if after.results_posted else ""
    return f"results were posted{on}" if has and not had else None


def _sites(before: Trial, after: Trial) -> str | None:
    lost, added = lost_and_added(before.locations, after.locations)
    counts = ((added, "added"), (lost, "lost"))
    return ", ".join(f"{count:,} site{'' if count == 1 else 's'} {what}" for count, what in counts if count) or None


def _arms(before: Trial, after: Trial) -> str | None:
    return _listed("arms", [arm.label for arm in before.arms], [arm.label for arm in after.arms])


def _interventions(before: Trial, after: Trial) -> str | None:
    return _listed("interventions", [i.name for i in before.interventions], [i.name for i in after.interventions])


def _listed(what: str, before: Sequence[str | None], after: Sequence[str | None]) -> str:
    lost, gained = _apart(filter(None, before), filter(None, after))
    told = [f"{word} {', '.join(map(_short, names))}" for word, names in (("without", lost), ("with", gained)) if names]
    return f"{what} changed: {'; '.join(told) or 'as they are described'}"


def _sponsor(before: Trial, after: Trial) -> str | None:
    old, new = (None if one.lead_sponsor is None else one.lead_sponsor.name for one in (before, after))
    return f"lead sponsor {_short(old)} → {_short(new)}"


def _says(text: str) -> Told:
    return lambda _before, _after: text


_DESIGN = {"study_type", "phases", "allocation", "intervention_model", "masking", "primary_purpose"}
_ELIGIBILITY = {"eligibility_criteria", "minimum_age", "maximum_age", "sex", "healthy_volunteers"}

RULES = (
    *(Rule(status.lower(), HIGH, {"status"}, _moved_to(status)) for status in ("TERMINATED", "SUSPENDED", "WITHDRAWN")),
    Rule("why_stopped", HIGH, {"why_stopped"}, _why_stopped),
    Rule("primary_outcome", HIGH, {"primary_outcomes"}, _primary_outcome),
    Rule("results_posted", HIGH, {"has_results", "results_posted"}, _results),
    Rule("status", MEDIUM, {"status"}, _status),
    Rule("enrollment", MEDIUM, {"enrollment"}, _enrollment),
    Rule("completion_moved", MEDIUM, {"completion_date"}, _moved("completion_date", "completion")),
    Rule(
        "primary_completion_moved", MEDIUM, {"primary_completion_date"},
        _moved("primary_completion_date", "primary completion"),
    ),
    Rule("sites", MEDIUM, {"locations"}, _sites),
    Rule("arms", MEDIUM, {"arms"}, _arms),
    Rule("interventions", MEDIUM, {"interventions"}, _interventions),
    Rule("design", MEDIUM, _DESIGN, _says("the design changed")),
    Rule("eligibility", MEDIUM, _ELIGIBILITY, _says("who may take part changed")),
    Rule("sponsor", MEDIUM, {"lead_sponsor"}, _sponsor),
)  # fmt: skip


def reasons(before: Trial, after: Trial, changed: Sequence[Change]) -> list[Reason]:
    """Tell by which rules a change matters; what no rule knows is low."""
    if not changed:
        return []
    found = list(_holding(before, after, {change.field for change in changed}))
    return found or [Reason("details", LOW, f"changed: {', '.join(named(changed))}")]


def _holding(before: Trial, after: Trial, fields: set[str]) -> Iterator[Reason]:
    for rule in RULES:
        text = None if fields.isdisjoint(rule.fields) else rule.tell(before, after)
        if text is not None:
            yield Reason(rule.name, rule.severity, text)


def severity(found: Sequence[Reason]) -> str:
    """Return the greatest severity of some reasons; low where there are none."""
    return max((reason.severity for reason in found), key=SEVERITIES.index, default=LOW)
