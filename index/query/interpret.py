"""The shape of a query → tree: areas and values get their meaning."""

from collections.abc import Callable

from lark import Token, Tree

from index.errors import QueryError, RangeMalformed, ValueUnknown, nearest
from index.query.areas import NAMES, Target, target
from index.query.tree import All, Any, Missing, Node, Not, Value, WithinSite
from index.query.values import day_range, days, enrollment, listed_value, number_range
from index.query.words import joined, words
from index.schema import LOCATION
from index.within import belongs


class Interpreter:
    """Gives the parsed shape its meaning. None stands for text without a word in it, which asks for nothing."""

    def __init__(self, text: str) -> None:
        self._text = text

    def node(self, tree: Tree[Token], where: Target) -> Node | None:
        """Interpret a subtree whose words look in `where`."""
        rules: dict[str, Callable[[Tree[Token], Target], Node | None]] = {
            "start": self._all,
            "conjunction": self._all,
            "disjunction": self._any,
            "negated": self._negated,
            "word": self._leaf,
            "phrase": self._leaf,
            "short": self._named,
            "area": self._named,
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
        (token,) = tree.children
        if not isinstance(token, Token):
            raise TypeError(token)
        name = token.value[:-1]
        if token.type == "WORD" and token.value.endswith(":") and target(name) is not None:
            raise QueryError(self._text, (token.end_pos or 0), f"a value right after {token.value}")
        try:
            return _value(where, token.value.strip('"'))
        except (ValueUnknown, RangeMalformed) as error:
            raise QueryError(self._text, token.start_pos or 0, _wanted(error)) from None

    def _target(self, token: Token, name: str) -> Target:
        found = target(name)
        if found is None:
            near = nearest(name, NAMES)
            hint = f" (did you mean {near}?)" if near else ""
            raise QueryError(self._text, token.start_pos or 0, f"a known area, not {name!r}{hint}")
        return found

    def _head(self, tree: Tree[Token]) -> Target:
        token = tree.children[0]
        if not isinstance(token, Token):
            raise TypeError(token)
        name = token.value[:-1] if token.type == "SHORT" else token.value.partition("[")[2][:-1]
        return self._target(token, name)

    def _named(self, tree: Tree[Token], _where: Target) -> Node | None:
        where, below = self._head(tree), tree.children[1]
        while isinstance(below, Tree) and below.data in {"short", "area"}:  # of two names the nearer one holds
            where, below = self._head(below), below.children[1]
        return self.node(below, where) if isinstance(below, Tree) else None

    def _within(self, tree: Tree[Token], _where: Target) -> Node | None:
        token, below = tree.children
        if not isinstance(token, Token) or not isinstance(below, Tree):
            raise TypeError(token)
        place = token.start_pos or 0
        if token.value.partition("[")[2][:-1].strip().casefold() != "location":
            raise QueryError(self._text, place, "SEARCH[Location](…); nothing else is searched part by part")
        node = self.node(below, Target("text", LOCATION))
        if node is not None and not belongs(node):
            raise QueryError(self._text, place, "only what a location has: its facility, city, country, status …")
        return None if node is None else WithinSite(node)

    def _ranged(self, tree: Tree[Token], _where: Target) -> Node:
        where, token = self._head(tree), tree.children[1]
        if not isinstance(token, Token):
            raise TypeError(token)
        ends = token.value.partition("[")[2][:-1].split(",")
        begin, end = (part.strip() for part in ends)
        begin, end = ("" if begin == "MIN" else begin), ("" if end == "MAX" else end)
        try:
            if where.kind == "days":
                return day_range(where.key, begin, end, where.key, token.value)
            if where.kind == "enrollment":
                return number_range(begin, end, where.key, token.value)
        except RangeMalformed as error:
            raise QueryError(self._text, token.start_pos or 0, _wanted(error)) from None
        raise QueryError(self._text, token.start_pos or 0, f"a date or a number field before RANGE, not {where.key}")

    def _missing(self, tree: Tree[Token], _where: Target) -> Node:
        where = self._head(tree)
        if where.kind == "text":
            token = tree.children[1]
            place = token.start_pos if isinstance(token, Token) else 0
            raise QueryError(self._text, place or 0, f"a date or a listed field before MISSING, not {where.key}")
        return Missing(where.key)


def _wanted(error: ValueUnknown | RangeMalformed) -> str:
    if isinstance(error, ValueUnknown):
        near = nearest(error.value, error.allowed)
        hint = f" (did you mean {near}?)" if near else ""
        return f"a value of {error.name}{hint}: {', '.join(error.allowed)}"
    return f"a range such as {error.form}"


def _value(where: Target, text: str) -> Node | None:
    if where.kind == "text":
        return words(text, where.key)
    if where.kind == "days":
        return days(where.key, text, where.key)
    if where.kind == "enrollment":
        return enrollment(text, where.key)
    return Value(where.key, (listed_value(where.key, text),))
