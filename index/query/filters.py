"""Filter flags → trees, one a flag: values of one flag are ORed, flags are ANDed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from index import schema
from index.columns import Columns
from index.errors import RangeMalformed, ValueUnknown, nearest
from index.query.parse import parse
from index.query.tree import Age, Any, Ids, Missing, Node, Value, operands
from index.query.values import days, enrollment, listed_value, near

TEXT_FLAGS = {
    "cond": schema.CONDITION,
    "intr": schema.INTERVENTION,
    "title": schema.TITLE,
    "outc": schema.OUTCOME,
    "spons": schema.SPONSOR,
    "loc": schema.LOCATION,
    "elig": schema.ELIGIBILITY,
}
VALUE_FLAGS = tuple(key for key in schema.FILTERED if key != "results")
DATE_FLAGS = ("start", "completed", "updated")
ACCEPTED = ("FEMALE", "MALE", "ALL")


@dataclass(frozen=True)
class Unheld:
    """An open value asked for that no trial has, and the one that looks most like it."""

    key: str
    value: str
    nearest: str | None


def unheld(trees: Iterable[Node], columns: Columns) -> list[Unheld]:
    """Find the open values in a query and in filters that no trial has."""
    parts = (part for tree in trees for part in operands(tree))
    asked = [part for part in parts if isinstance(part, Value) and schema.FILTERED[part.key].closed is None]
    found = []
    for node in asked:
        known = columns.values(node.key).values
        folded = {value.casefold() for value in known}
        missing = (value for value in node.values if value.casefold() not in folded)
        found += [Unheld(node.key, value, nearest(value, known)) for value in missing]
    return found


def filters(flags: Mapping[str, Iterable[str]], *, results: bool | None, ids: Iterable[str] | None) -> dict[str, Node]:
    """Make a tree for each flag that was given, under the flag's name.

    `flags` maps names (`cond`, `phase`, `start`, `age`, `accepts`, …) to the values as typed; `results` is
    --results or --no-results; `ids` the NCT ids of --ids. UsageError names a value that can't be.
    """
    made = {name: _flag(name, list(values)) for name, values in flags.items() if values}
    if results is not None:
        made["results"] = Value("results", ("true" if results else "false",))
    if ids is not None:
        made["ids"] = Ids(frozenset(ids))
    return made


def _flag(name: str, values: list[str]) -> Node:
    option = f"--{name.replace('_', '-')}"
    if name in TEXT_FLAGS:
        return _any(values, lambda value: parse(value, TEXT_FLAGS[name]))
    if name in DATE_FLAGS:
        return _any(values, lambda value: days(name, value, option))
    if name == "near":
        return _any(values, lambda value: near(value, option))
    if name == "enrollment":
        return _any(values, lambda value: enrollment(value, option))
    if name == "age":
        return _any(values, lambda value: _age(value, option))
    if name == "accepts":
        return _any(values, _accepts)
    return Value(name, tuple(_listed(name, value, option) for value in values))


def _any(values: list[str], make: Callable[[str], Node]) -> Node:
    nodes = tuple(make(value) for value in values)
    return nodes[0] if len(nodes) == 1 else Any(nodes)


def _listed(name: str, value: str, option: str) -> str:
    try:
        return listed_value(name, value)
    except ValueUnknown as error:
        raise ValueUnknown(option, value, error.allowed) from None


def _age(value: str, option: str) -> Age:
    try:
        years = float(value)
    except ValueError:
        raise RangeMalformed(option, value, "an age in years such as 65 or 0.5") from None
    if not 0 <= years < 200:  # noqa: PLR2004 - nobody is that old, and nan is no age
        raise RangeMalformed(option, value, "an age in years such as 65 or 0.5")
    return Age(years)


def _accepts(value: str) -> Node:
    """Trials that take somebody of this sex: those of that sex alone, of all, and those that name none."""
    wanted = value.strip().upper()
    if wanted not in ACCEPTED:
        raise ValueUnknown("--accepts", value, ACCEPTED)
    return Any((Value("sex", tuple({wanted: None, "ALL": None})), Missing("sex")))
