"""Pure: a tree → the same tree that looks for known synonyms too.

A run of words that stand side by side in a query and make up a known form becomes `Either(the words, its synonyms)`,
the longest form first. Bare words may be a condition or an intervention; words of the two areas are of their own.
Words that must stand just so (EXPANSION[None], COVERAGE) are left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from index.analysis import side_by_side
from index.query.tree import All, Any, Either, Node, Not, Words
from index.query.words import joined
from index.schema import BASIC, CONDITION, INTERVENTION
from index.synonyms import Form, Phrase

Table: TypeAlias = Mapping[Form, Sequence[Phrase]]

LONGEST_RUN = 20  # words that a known form is looked for in; a query of thousands must not be tried from each to each
_AREAS = {BASIC: (CONDITION, INTERVENTION), CONDITION: (CONDITION,), INTERVENTION: (INTERVENTION,)}


@dataclass
class Expander:
    """Rewrites trees by a table for each area; `used` collects the synonyms that went in, as people write them."""

    table: Callable[[str], Table]
    used: dict[Words, str] = field(default_factory=dict)

    def expanded(self, node: Node) -> Node:
        """Rewrite a tree; what NOT takes away grows with what the same words would find."""
        if isinstance(node, Words):
            return node if node.strict else self._run([node])[0]
        if isinstance(node, All):
            return All(tuple(self._joined_runs(node.parts)))
        if isinstance(node, Any):
            return Any(tuple(map(self.expanded, node.parts)))
        return Not(self.expanded(node.part)) if isinstance(node, Not) else node

    def _joined_runs(self, parts: tuple[Node, ...]) -> list[Node]:
        made: list[Node] = []
        run: list[Words] = []
        for part in parts:
            words = part if isinstance(part, Words) and not part.strict else None
            if run and (words is None or words.area != run[0].area):
                made += self._run(run)
                run = []
            if words is None:
                made.append(self.expanded(part))
            else:
                run.append(words)
        return made + self._run(run)

    def _run(self, words: list[Words]) -> list[Node]:
        """Rewrite words of one area that stand side by side, from the left."""
        made: list[Node] = []
        begin = 0
        while begin < len(words):
            end, node = self._longest(words, begin)
            made.append(node)
            begin = end
        return made

    def _longest(self, words: list[Words], begin: int) -> tuple[int, Node]:
        """Where the longest known form from a word on ends, and what to look for; the word itself where none is."""
        for end in range(min(len(words), begin + LONGEST_RUN), begin, -1):
            said = words[begin:end]
            synonyms = self._synonyms(said)
            if synonyms:
                original = joined(list(said), All)
                return end, Either((words[begin] if original is None else original, *synonyms))
        return begin + 1, words[begin]

    def _synonyms(self, said: list[Words]) -> list[Words]:
        if any(words.strict for words in said):
            return []  # as written, or so much of a value: no other word will do
        form = tuple(term for words in said for term in words.terms)
        found = []
        for area in _AREAS.get(said[0].area, ()):
            for phrase in self.table(area).get(form, ()):
                if all(side_by_side(words.terms, phrase.terms) for words in said):
                    continue  # all that it finds is found by the words
                synonym = Words(phrase.terms, area)
                self.used[synonym] = phrase.text
                found.append(synonym)
        return found
