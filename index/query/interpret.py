"""The shape of a query → tree: areas and values get their meaning."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from lark import Token, Tree

from index.errors import QueryError, RangeMalformed, ValueUnknown, nearest
from index.query.areas import Target, below, column_key, known_names, refusal, target
from index.query.recorded import RANGED, recorded, recorded_range
from index.query.tree import All, Any, Coverage, Missing, Node, Not, Recorded, Value, WithinSite, Words, record_tests
from index.query.values import day_range, days, enrollment, listed_value, number_range
from index.query.words import joined, words
from index.schema import AREAS, LOCATION
from index.within import belongs

# What a query may have read in the records, in fields: each costs microseconds a record, and people write three. An
# exact word in a whole area counts for more, since it looks at several.
MOST_FIELDS, FIELDS_OF_AN_AREA = 24, 8
_COVERAGES: dict[str, Coverage] = {coverage.casefold(): coverage for coverage in get_args(Coverage)}
_EXPANSIONS = ("None", "Term", "Relaxation", "Lossy", "Concept")  # all but None mean what plain words mean here
_PREFIXES = frozenset(("short", "area", "expansion", "coverage"))


class Interpreter:
    """Gives the parsed shape its meaning. None stands for text without a word in it, which asks for nothing."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fields_read = 0

    def node(self, tree: Tree[Token], where: Target) -> Node | None:
        """Interpret a subtree whose words look in `where`."""
        rules: dict[str, Callable[[Tree[Token], Target], Node | None]] = {
            "start": self._all,
            "conjunction": self._all,
            "disjunction": self._any,
            "negated": self._negated,
            "word": self._leaf,
            "phrase": self._leaf,
            **dict.fromkeys(_PREFIXES, self._prefixed),
            "ranged": self._ranged,
            "within": self._within,
            "missing": self._missing,
        }
        return rules[str(tree.data)](tree, where)

    def _parts(self, tree: Tree[Token], where: Target) -> list[Node]:
        nodes = (self.node(child, where) for child in tree.children if isinstance(child, Tree))
        return [node for node in nodes if node is not None]

    def _all(self, tree: Tree[Token], where: Target) -> Node | None:
        parts = self._parts(tree, where)
        return joined(parts, All)

    def _any(self, tree: Tree[Token], where: Target) -> Node | None:
        return joined(self._parts(tree, where), Any)

    def _negated(self, tree: Tree[Token], where: Target) -> Node | None:
        *nots, atom = tree.children
        node = self.node(atom, where) if isinstance(atom, Tree) else None
        return node if node is None or len(nots) % 2 == 0 else Not(node)

    def _leaf(self, tree: Tree[Token], where: Target) -> Node | None:
        token = _token(tree, 0)
        name = token.value[:-1]
        if token.type == "WORD" and token.value.endswith(":") and target(name) is not None:
            raise QueryError(self._text, (token.end_pos or 0), f"a value right after {token.value}")
        if where.kind == "part":
            fields = below(where.key)[:3]
            named = f"; fields in it are {', '.join(fields)} …" if fields else ""
            raise self._mistake(token, f"MISSING, for {where.key} has no value of its own{named}")
        if where.coverage not in {"Contains", "FullMatch"} and where.kind not in {"text", "words"}:
            raise self._mistake(token, f"a field of text for COVERAGE[{where.coverage}], not {where.key}")
        try:
            return self._counted(token, _value(where, token.value.strip('"')))
        except (ValueUnknown, RangeMalformed) as error:
            raise self._mistake(token, _wanted(error)) from None

    def _mistake(self, token: Token, expected: str) -> QueryError:
        return QueryError(self._text, token.start_pos or 0, expected)

    def _counted(self, token: Token, node: Node | None) -> Node | None:
        """Pass a node on; QueryError where one more would be read in the records than a query may ask."""
        for test in [] if node is None else record_tests(node):
            self._fields_read += FIELDS_OF_AN_AREA if isinstance(test, Words) and test.area in AREAS else 1
        if self._fields_read > MOST_FIELDS:
            words_at_most = MOST_FIELDS // FIELDS_OF_AN_AREA
            raise self._mistake(
                token, f"at most {MOST_FIELDS} fields that are read in the records, or {words_at_most} exact words"
            )
        return node

    def _target(self, token: Token, name: str) -> Target:
        found = target(name)
        if found is None:
            reason = refusal(name)
            if reason is not None:
                raise self._mistake(token, f"a field of protocolSection or derivedSection, not {name}: {reason}")
            raise self._mistake(token, f"a known area, not {name!r}{_hint(name, known_names())}")
        return found

    def _head(self, token: Token) -> Target:
        return self._target(token, token.value[:-1] if token.type == "SHORT" else _bracketed(token))

    def _prefixed(self, tree: Tree[Token], where: Target) -> Node | None:
        """What stands before an operand: of two names, or two of a kind, the nearer one holds."""
        below = tree
        while below.data in _PREFIXES:
            where = self._applied(_token(below, 0), where)
            operand = below.children[1]
            if not isinstance(operand, Tree):
                raise TypeError(operand)
            below = operand
        return self.node(below, where)

    def _applied(self, token: Token, where: Target) -> Target:
        if token.type == "EXPANSION":
            return replace(where, exact=self._choice(token, "EXPANSION", _EXPANSIONS) == "None")
        if token.type == "COVERAGE":
            chosen = self._choice(token, "COVERAGE", tuple(_COVERAGES.values()))
            return replace(where, coverage=_COVERAGES[chosen.casefold()])
        return replace(self._head(token), exact=where.exact, coverage=where.coverage)

    def _choice(self, token: Token, what: str, known: tuple[str, ...]) -> str:
        name = _bracketed(token).strip()
        found = next((other for other in known if other.casefold() == name.casefold()), None)
        if found is None:
            raise self._mistake(token, f"{what} of {', '.join(known)}, not {name!r}{_hint(name, known)}")
        return found

    def _within(self, tree: Tree[Token], where: Target) -> Node | None:
        token, below = tree.children
        if not isinstance(token, Token) or not isinstance(below, Tree):
            raise TypeError(token)
        if _bracketed(token).strip().casefold() != "location":
            raise self._mistake(token, "SEARCH[Location](…); nothing else is searched part by part")
        node = self.node(below, replace(where, kind="text", key=LOCATION))
        if node is not None and not belongs(node):
            raise self._mistake(token, "only what a location has: its facility, city, country, status …")
        return None if node is None else WithinSite(node)

    def _ranged(self, tree: Tree[Token], _where: Target) -> Node | None:
        where, token = self._head(_token(tree, 0)), _token(tree, 1)
        begin, end = (part.strip() for part in _bracketed(token).split(","))
        begin, end = ("" if begin == "MIN" else begin), ("" if end == "MAX" else end)
        try:
            if where.kind == "days":
                return day_range(where.key, begin, end, where.key, token.value)
            if where.kind == "enrollment":
                return number_range(begin, end, where.key, token.value)
            if where.kind in RANGED:
                return self._counted(token, recorded_range(where, begin, end, token.value))
        except RangeMalformed as error:
            raise self._mistake(token, _wanted(error)) from None
        raise self._mistake(token, f"a field of dates, numbers or ages before RANGE, not {where.key}")

    def _missing(self, tree: Tree[Token], _where: Target) -> Node | None:
        where, token = self._head(_token(tree, 0)), _token(tree, 1)
        if where.kind in {"value", "days", "enrollment"}:
            return Missing(where.key)
        if where.key in AREAS:
            raise self._mistake(token, f"one field before MISSING, not {where.key}, which looks in several")
        key = column_key(where.key)
        return self._counted(token, Recorded(where.key, None)) if key is None else Missing(key)


def _token(tree: Tree[Token], place: int) -> Token:
    token = tree.children[place]
    if not isinstance(token, Token):
        raise TypeError(token)
    return token


def _bracketed(token: Token) -> str:
    """What stands in a token's square brackets."""
    return str(token.value.partition("[")[2][:-1])


def _hint(name: str, known: tuple[str, ...] | list[str]) -> str:
    near = nearest(name, known)
    return f" (did you mean {near}?)" if near else ""


def _wanted(error: ValueUnknown | RangeMalformed) -> str:
    if isinstance(error, ValueUnknown):
        return f"a value of {error.name}{_hint(error.value, error.allowed)}: {', '.join(error.allowed)}"
    return f"a range such as {error.form}"


def _value(where: Target, text: str) -> Node | None:
    if where.kind == "text":
        return words(text, where.key, exact=where.exact, coverage=where.coverage)
    if where.kind == "days":
        return days(where.key, text, where.key)
    if where.kind == "enrollment":
        return enrollment(text, where.key)
    if where.kind == "value":
        return Value(where.key, (listed_value(where.key, text),))
    return recorded(where, text, where.key)
