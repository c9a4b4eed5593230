"""What records teach: what a condition's MeSH term is called, what else an intervention is called.

Nothing is learned that is merely near: see docs/decisions/0005-synonyms.md for the thresholds and what they were
measured by.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np

from crawler.trial import Trial
from index.analysis import terms
from index.inverted import Ints
from index.kinds import SYNONYM_KINDS, SYNONYM_ROWS, SYNONYMS
from index.mapped import write_arrays
from index.schema import CONDITION, INTERVENTION
from index.suggest import most_used
from index.synonyms import Form, Learned, Phrase, phrases

Finder: TypeAlias = Callable[[str, Form], Ints]  # (area, terms side by side) → rows, ascending

SUPPORT = 3  # trials that must bear a pair out: two are often arms of one programme, copied from each other
SHARE = 0.8  # of a condition's trials that carry the MeSH term: 'nearly always'
WRITTEN = 0.5  # of what looking for the MeSH term finds, this much writes the condition: else the term is broader
OWN = 0.8  # of what looking for another name finds, this much names the intervention: else the name is others' too
MOST_PHRASES = 8  # for one form, best borne out first: cyclophosphamide has thirty names, the last ones find nothing


class Spelling:
    """Names ↔ forms: each distinct name is analysed once; the spelling used most stands for its form."""

    def __init__(self) -> None:
        self._form_of: dict[str, Form] = {}
        self.used: dict[Form, Counter[str]] = defaultdict(Counter)

    def form(self, name: str) -> Form:
        """Form of a name; the name is counted."""
        found = self._form_of.get(name)
        if found is None:
            found = self._form_of[name] = tuple(terms(name))
        self.used[found][name] += 1
        return found

    def forms(self, names: Iterable[str]) -> set[Form]:
        """Forms of several names, those without a word left out."""
        return {form for form in map(self.form, names) if form}

    def merge(self, other: "Spelling") -> None:
        """Take what another one counted."""
        for form, used in other.used.items():
            self.used[form].update(used)

    def written(self, form: Form) -> str:
        """Spelling that is used most for a form; of equals the first in the alphabet."""
        return most_used(self.used[form])


class ConditionLearner:
    """Learns which MeSH term a condition is called by.

    A trial bears a pair out where it lists one condition or carries one term: of long lists nobody can tell which
    term belongs to which condition.
    """

    def __init__(self) -> None:
        self.spelling = Spelling()
        self.listed: Counter[Form] = Counter()
        self.counted: Counter[tuple[Form, Form]] = Counter()
        self.terms: set[frozenset[str]] = set()

    def add(self, trial: Trial) -> None:
        """Take a trial's conditions and its MeSH terms."""
        conditions = self.spelling.forms(trial.conditions)
        meshes = self.spelling.forms(mesh.term for mesh in trial.condition_mesh if mesh.term)
        self.terms.update(map(frozenset, meshes))
        if meshes and (len(meshes) == 1 or len(conditions) == 1):
            self.listed.update(conditions)
            self.counted.update((condition, mesh) for condition in conditions for mesh in meshes if condition != mesh)

    def merge(self, other: "ConditionLearner") -> None:
        """Take what another one took."""
        self.spelling.merge(other.spelling)
        self.listed.update(other.listed)
        self.counted.update(other.counted)
        self.terms |= other.terms

    def pairs(self, find: Finder) -> Iterator[tuple[Form, Form, int]]:
        """Yield (condition, MeSH term, trials that bear it out)."""
        borne_out = {
            (condition, mesh): count
            for (condition, mesh), count in self.counted.items()
            if count >= SUPPORT and count >= SHARE * self.listed[condition]
        }
        called: dict[Form, list[frozenset[str]]] = defaultdict(list)
        for condition, mesh in borne_out:
            called[mesh].append(frozenset(condition))
        for (condition, mesh), count in borne_out.items():
            narrower = any(shorter < set(condition) for shorter in called[mesh])  # 'stage IV' of what it also calls
            if narrower or not self._may_be(condition, mesh):
                continue
            if WRITTEN <= _share(find(CONDITION, mesh), find(CONDITION, condition)) < 1:
                yield condition, mesh, count

    def _may_be(self, condition: Form, mesh: Form) -> bool:
        """A condition that is a MeSH term itself is called by that alone; one that says more than a term isn't it."""
        if frozenset(condition) in self.terms:
            return set(mesh) == set(condition)
        return not set(mesh) < set(condition)


class InterventionLearner:
    """Learns what else an intervention is called, in both directions: by another name that is its own."""

    def __init__(self) -> None:
        self.spelling = Spelling()
        self.counted: Counter[tuple[Form, Form]] = Counter()

    def add(self, trial: Trial) -> None:
        """Take a trial's interventions and their other names."""
        pairs = set()
        for intervention in trial.interventions:
            name = self.spelling.form(intervention.name or "")
            others = self.spelling.forms(intervention.other_names)
            pairs |= {(name, other) for other in others if name and name != other}
        self.counted.update(pairs)

    def merge(self, other: "InterventionLearner") -> None:
        """Take what another one took."""
        self.spelling.merge(other.spelling)
        self.counted.update(other.counted)

    def pairs(self, find: Finder) -> Iterator[tuple[Form, Form, int]]:
        """Yield (asked, looked for too, trials that bear it out)."""
        for (name, other), count in self.counted.items():
            if count < SUPPORT or set(name) < set(other) or set(other) < set(name):  # a dose or a kind of it
                continue
            own = _share(find(INTERVENTION, other), find(INTERVENTION, name))
            if OWN <= own < 1:
                yield name, other, count
            if own >= OWN and _share(find(INTERVENTION, name), find(INTERVENTION, other)) < 1:
                yield other, name, count


class Learner:
    """Takes trials and learns from them at the end."""

    def __init__(self) -> None:
        self.conditions = ConditionLearner()
        self.interventions = InterventionLearner()

    def add(self, trial: Trial) -> None:
        """Take one trial."""
        self.conditions.add(trial)
        self.interventions.add(trial)

    def merge(self, other: "Learner") -> None:
        """Take what another one took."""
        self.conditions.merge(other.conditions)
        self.interventions.merge(other.interventions)

    def finish(self, find: Finder) -> Learned:
        """Learn from what was taken; `find` tells what a search for a phrase finds among the same trials."""
        return {
            CONDITION: _table(self.conditions.pairs(find), self.conditions.spelling),
            INTERVENTION: _table(self.interventions.pairs(find), self.interventions.spelling),
        }


def _share(rows: Ints, others: Ints) -> float:
    """Share of rows that are among the others, 1 of none: to look for rows that are all found already adds none."""
    return np.intersect1d(rows, others, assume_unique=True).size / rows.size if rows.size else 1.0


def _table(pairs: Iterable[tuple[Form, Form, int]], spelling: Spelling) -> dict[str, list[Phrase]]:
    borne_out: dict[Form, dict[Form, int]] = defaultdict(dict)
    for asked, other, count in pairs:
        borne_out[asked][other] = max(count, borne_out[asked].get(other, 0))
    table = {}
    for asked in sorted(borne_out):
        ordered = sorted(borne_out[asked].items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_PHRASES]
        table[" ".join(asked)] = [Phrase(spelling.written(other), other) for other, _ in ordered]
    return table


# -- on disk -----------------------------------------------------------------------------------------------------------


def write_synonyms(folder: Path, learned: Learned, find: Finder) -> None:
    """Write what was learned, and the rows that each phrase finds, into a folder that is there."""
    (folder / SYNONYMS).write_bytes(msgspec.json.encode(learned))
    rows = [find(area, terms) for area, terms in phrases(learned)]
    begins = np.cumsum([0, *(found.size for found in rows)])
    arrays = {"rows": np.concatenate([np.zeros(0, np.int32), *rows]), "begins": begins}
    write_arrays(folder / SYNONYM_ROWS, SYNONYM_KINDS, arrays)
