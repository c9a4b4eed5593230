"""How a value of one of a Trial's fields reads in a line of text. Values are as in `show --json`."""

from collections.abc import Callable
from typing import Any, TypeAlias

Said: TypeAlias = Callable[[dict[str, Any]], str]

NOTHING = "–"


def said(field: str, value: Any, *, whole: bool = False) -> str:  # noqa: ANN401 - any field's value
    """Return one value, or one item of a list, as text; `whole` with every part that it has."""
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        return _WHOLE.get(field, _all)(value) if whole else _SAID.get(field, _all)(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _all(value: dict[str, Any]) -> str:
    texts = ("; ".join(part) if isinstance(part, list | tuple) else part for part in value.values())
    return ", ".join(str(text) for text in texts if text)


def _behind(text: str | None, *notes: str | None) -> str:
    """Put notes in brackets behind a text."""
    told = ", ".join(note for note in notes if note)
    return f"{text or NOTHING} ({told})" if told else text or NOTHING


def _described(value: dict[str, Any], head: str) -> str:
    return f"{head}: {value['description']}" if value["description"] else head


def _sponsor(value: dict[str, Any]) -> str:
    return _behind(value["name"], value["class"])


def _official(value: dict[str, Any]) -> str:
    return _behind(value["name"], value["role"], value["affiliation"])


def _secondary_id(value: dict[str, Any]) -> str:
    return _behind(value["id"], value["type"])


def _arm(value: dict[str, Any]) -> str:
    return _described(value, _behind(value["label"], value["type"]))


def _intervention(value: dict[str, Any]) -> str:
    also = f"also {', '.join(value['other_names'])}" if value["other_names"] else None
    return _described(value, _behind(value["name"], value["type"], also))


def _intervention_in_arms(value: dict[str, Any]) -> str:
    return f"{_intervention(value)} [in {'; '.join(value['arm_labels']) or 'no arm'}]"


def _outcome(value: dict[str, Any]) -> str:
    frame = f" [{value['time_frame']}]" if value["time_frame"] else ""
    return f"{value['measure'] or NOTHING}{frame}"


def _outcome_described(value: dict[str, Any]) -> str:
    return _described(value, _outcome(value))


_SAID: dict[str, Said] = {
    "lead_sponsor": _sponsor,
    "collaborators": _sponsor,
    "officials": _official,
    "secondary_ids": _secondary_id,
    "condition_mesh": lambda value: value["term"] or NOTHING,
    "condition_ancestors": lambda value: value["term"] or NOTHING,
    "intervention_mesh": lambda value: value["term"] or NOTHING,
    "intervention_ancestors": lambda value: value["term"] or NOTHING,
    "arms": _arm,
    "interventions": _intervention,
    "primary_outcomes": _outcome,
    "secondary_outcomes": _outcome,
    "other_outcomes": _outcome,
}
_WHOLE: dict[str, Said] = _SAID | {
    "interventions": _intervention_in_arms,
    "primary_outcomes": _outcome_described,
    "secondary_outcomes": _outcome_described,
    "other_outcomes": _outcome_described,
}
