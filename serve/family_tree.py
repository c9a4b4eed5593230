"""A family for people (a tree of who led to whom) and for graphviz (dot)."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap as wrap_text

from index.family import Bond
from serve.family import FamilyAnswer, Member
from serve.wrapped import BOLD, DIM, Line, Span, wrap

SHARED = ("shared_id", "shared_pmid")  # kinds without a direction
NARROWEST = 60
LEAST = 20  # cells for text, however deep in the tree
NODE_LETTERS = 32  # of a title in one line of a node
SHOWN = 5  # of what is told below the tree, and not left out of --json

Clean = Callable[[str], str]


def lines(answer: FamilyAnswer, width: int, clean: Clean) -> Iterator[Line]:
    """Draw an answer in lines of `width` cells; `clean` takes out of foreign text what steers a terminal."""
    drawing = _Drawing(answer, max(width, NARROWEST), clean)
    yield from drawing.tree()
    yield from drawing.others()
    yield from drawing.notes()


class _Drawing:
    """The drawing of one answer."""

    def __init__(self, answer: FamilyAnswer, width: int, clean: Clean) -> None:
        self._answer = answer
        self._width = width
        self._clean = clean
        self._told: set[Bond] = set()

    def tree(self) -> Iterator[Line]:
        """Draw each trial below the one that led to it."""
        children: dict[str | None, list[Member]] = defaultdict(list)
        for member in self._answer.trials:
            children[member.through].append(member)
        waiting = [(member, "", "") for member in children[None]]
        while waiting:
            member, first, rest = waiting.pop()
            below = children[member.nct_id]
            yield from self._member(member, first, rest + ("│  " if below else "   "))
            for child in reversed(below):
                last = child is below[-1]
                waiting.append((child, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}"))

    def _member(self, member: Member, first: str, rest: str) -> Iterator[Line]:
        """Tell of a trial, its first line behind `first`, and how it was reached."""
        asked = self._answer.asked if member.through is None else None
        notes = [f"asked for as {asked}" if asked else "", f"gone since {member.gone}" if member.gone else ""]
        facts = "".join(f" · {fact}" for fact in (*notes, member.status, ", ".join(member.phases)) if fact)
        title = [Span(member.nct_id, BOLD), Span(f" {self._clean(member.title)}"), Span(self._clean(facts), DIM)]
        yield from self._hung(title, first, rest)
        for told in self._between(member):
            yield from self._hung([Span(told, DIM)], rest, f"{rest}  ")

    def _between(self, member: Member) -> Iterator[str]:
        """Tell of the links between a trial and the one that led to it, those of a kind and direction together."""
        ends = {member.nct_id, member.through}
        bonds = [bond for bond in self._answer.links if {bond.from_, bond.to} == ends]
        self._told.update(bonds)
        for (kind, sign), alike in groupby(bonds, key=lambda bond: (bond.kind, self._sign(bond, member.nct_id))):
            yield self._clean(f"{sign} {_kind(kind)}: {'; '.join(map(_evidence, alike))}")

    @staticmethod
    def _sign(bond: Bond, nct_id: str) -> str:
        return "–" if bond.kind in SHARED else "←" if bond.from_ == nct_id else "→"

    def others(self) -> Iterator[Line]:
        """Tell of links that the tree has no branch for; that those who share one number all do goes without saying."""
        have = {(end, bond.kind, bond.evidence) for bond in self._told for end in (bond.from_, bond.to)}
        others = [
            bond
            for bond in self._answer.links
            if bond not in self._told
            and not all((end, bond.kind, bond.evidence) in have for end in (bond.from_, bond.to))
        ]
        if others:
            yield []
            yield [Span("Linked as well", BOLD)]
        for bond in others:
            told = f"{_kind(bond.kind)}: {self._clean(_evidence(bond))}"
            ends = [Span(f"{bond.from_} {self._sign(bond, bond.to)} {bond.to} "), Span(told, DIM)]
            yield from self._hung(ends, "", "  ")

    def notes(self) -> Iterator[Line]:
        """Count, and tell of what was not followed."""
        answer = self._answer
        yield []
        counts = (len(answer.trials) - 1, "relative"), (len(answer.links), "link")
        yield [Span(", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts), BOLD)]
        if answer.links:
            yield [Span("→ the trial above names it   ← it names the trial above   – both have it", DIM)]
        if answer.left:
            yield from self._hung(
                [Span(f"Cut off: at least {answer.left} more are linked; --limit takes more.")], "", "  "
            )
        missing = [f"{b.to} ({_kind(b.kind)} of {b.from_})" for b in answer.missing]
        yield from self._list("Named but not in this cache; `trialkin crawl ID` fetches one:", missing)
        numbers = {f"{_kind(u.kind)} {u.value} ({u.trials:,} trials)": None for u in answer.unfollowed}
        yield from self._list("Not followed, for it makes no family (a group's number, what many cite):", list(numbers))

    def _list(self, head: str, texts: Sequence[str]) -> Iterator[Line]:
        if texts:
            more = f"; {len(texts) - SHOWN} more with --json" if len(texts) > SHOWN else ""
            told = self._clean("; ".join(texts[:SHOWN]))
            yield from self._hung([Span(f"{head} "), Span(f"{told}{more}", DIM)], "", "  ")

    def _hung(self, spans: Sequence[Span], first: str, rest: str) -> Iterator[Line]:
        for number, line in enumerate(wrap(spans, max(self._width - len(rest), LEAST))):
            yield [Span(rest if number else first), *line]


def _kind(kind: str) -> str:
    return kind.replace("_", " ")


def _evidence(bond: Bond) -> str:
    return bond.evidence.removeprefix("both carry ").removeprefix("id ")


# -- graphviz ----------------------------------------------------------------------------------------------------------


def dot(answer: FamilyAnswer, clean: Clean) -> str:
    """Write an answer as a directed graph in graphviz's language; trials that are not held are dashed."""
    nodes = [_node(member, answer.nct_id, clean) for member in answer.trials]
    absent = [f"  {_quoted(nct_id)} [style=dashed];" for nct_id in sorted({bond.to for bond in answer.missing})]
    edges = [_edge(bond, clean) for bond in (*answer.links, *answer.missing)]
    head = ["digraph family {", "  rankdir=LR;", "  node [shape=box];"]
    return "\n".join((*head, *nodes, *absent, *edges, "}", ""))


def _node(member: Member, asked: str, clean: Clean) -> str:
    label = "\n".join((member.nct_id, *wrap_text(clean(member.title), NODE_LETTERS)))
    return f"  {_quoted(member.nct_id)} [label={_quoted(label)}{', penwidth=2' if member.nct_id == asked else ''}];"


def _edge(bond: Bond, clean: Clean) -> str:
    told = f"label={_quoted(_kind(bond.kind))}, tooltip={_quoted(clean(bond.evidence))}"
    undirected = ", dir=none" if bond.kind in SHARED else ""
    return f"  {_quoted(bond.from_)} -> {_quoted(bond.to)} [{told}{undirected}];"


def _quoted(text: str) -> str:
    """Quote a text: nothing in it ends the quotes or is an escape of graphviz's, but for our own line ends."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
