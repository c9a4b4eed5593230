"""Truth of our own, out of the real records: `python -m tests.bench.truth FOLDER` writes a table of each kind.

Trials are like each other where something says so that the vectors do not read, or that is left out of them:

- `papers`: they cite a same paper (PMID) that at most ten trials here cite; two such papers: gain 2.
- `ids`: they carry a same id (a grant, a protocol) that at most four trials here carry.
- `sisters`: study ids of one sponsor that differ in their last part, at most eight (grants of NCRR, which are research
  centers', are no programmes). The sponsors' names are left out of the vectors.
- `links`: one names the other (extensions, roll-overs, expanded access, comparisons).
- `pairs`: they have a same condition and a same intervention by MeSH that at most twelve trials here have together; two
  such pairs: gain 2. MeSH is left out.
- `diseases`: they have a same condition by MeSH that 6 to 60 trials here have. MeSH is left out. Asked of trials from
  NCT01000000 on, whose records are as long as today's are.

Groups are what trials hang together by (`pairs`: the rarest condition; `diseases`: the condition). Of each group the
same few queries are taken, and of the groups the same few, so that a kind is judged in seconds.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from crawler.files import read_source
from crawler.links import named, shared_keys
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import Mesh, Trial
from index.similar.evaluation import Judged
from index.similar.truth import COLUMNS, Truth
from tests.bench.__main__ import FILES, SHARED

QUERIES, GROUPS = 4, 150  # of a group, of a kind
RECENT = "NCT01"

_SPONSOR = ("LeadSponsorName", "CollaboratorName", "OrgFullName")
_MESH = ("ConditionMeshTerm", "InterventionMeshTerm", "ConditionAncestorTerm", "InterventionAncestorTerm")
LEFT_OUT: dict[str, tuple[str, ...]] = {"sisters": _SPONSOR, "pairs": _MESH, "diseases": _MESH}

Item = TypeVar("Item")
Asked = tuple[str, int, Judged, bool]  # group, row, what is known of it, whether just what is listed is ranked
Alike = dict[str, Counter[str]]  # trial → how many things say that another is like it


def records() -> list[RawRecord]:
    """The real records in order of NCT id, each trial once, the last one read."""
    items = (item for name in FILES for _, item in read_source(str(SHARED / name)))
    held = {item.nct_id: item for item in items if isinstance(item, RawRecord)}
    return [held[nct_id] for nct_id in sorted(held)]


def truths(trials: Sequence[Trial]) -> dict[str, list[Truth]]:
    """Make every kind."""
    by_id = {trial.nct_id: trial for trial in trials}
    conditions = Counter(term for trial in trials for term in _terms(trial.condition_mesh))

    def rarest(nct_id: str) -> str:
        return min(_terms(by_id[nct_id].condition_mesh), key=lambda term: (conditions[term], term))

    papers = _sharing(trials, 10, lambda trial: _keys(trial, "shared_pmid"))
    ids = _sharing(trials, 4, lambda trial: (key for key in _keys(trial, "shared_id") if "… of " not in key))
    sisters = _sharing(trials, 8, lambda trial: (key for key in _keys(trial, "shared_id") if _programme(key)))
    links = _linked(trials, by_id)
    return {
        "papers": _queries(papers, _components(papers)),
        "ids": _queries(ids, _components(ids)),
        "sisters": _queries(sisters, _components(sisters)),
        "links": _queries(links, _components(links)),
        "pairs": _queries(_sharing(trials, 12, _pairs), rarest),
        "diseases": _diseases(trials, conditions),
    }


def _keys(trial: Trial, kind: str) -> Iterator[str]:
    return (key.value for key in shared_keys(trial) if key.kind == kind)


def _programme(key: str) -> bool:
    return "… of " in key and "NCRR" not in key


def _terms(meshes: Iterable[Mesh]) -> list[str]:
    return sorted({mesh.term for mesh in meshes if mesh.term is not None})


def _pairs(trial: Trial) -> Iterator[str]:
    for condition in _terms(trial.condition_mesh):
        for intervention in _terms(trial.intervention_mesh):
            yield f"{condition}: {intervention}"


def _sharing(trials: Iterable[Trial], most: int, keys: Callable[[Trial], Iterable[str]]) -> Alike:
    """Trials that share a key which at most so many carry."""
    carriers: dict[str, list[str]] = defaultdict(list)
    for trial in trials:
        for key in set(keys(trial)):
            carriers[key].append(trial.nct_id)
    alike: Alike = defaultdict(Counter)
    for key in sorted(carriers):
        if len(carriers[key]) <= most:
            for one, two in combinations(carriers[key], 2):
                alike[one][two] += 1
                alike[two][one] += 1
    return alike


def _linked(trials: Iterable[Trial], held: dict[str, Trial]) -> Alike:
    alike: Alike = defaultdict(Counter)
    for trial in trials:
        for link in named(trial):
            if link.target in held:
                alike[trial.nct_id][link.target] = 1
                alike[link.target][trial.nct_id] = 1
    return alike


def _components(alike: Alike) -> Callable[[str], str]:
    """Name, for a trial, the first of all that hang together with it."""
    first: dict[str, str] = {}
    for begin in sorted(alike):
        waiting = [begin]
        while waiting:
            nct_id = waiting.pop()
            if first.setdefault(nct_id, begin) == begin:
                waiting += [other for other in alike[nct_id] if other not in first]
    return first.__getitem__


def _queries(alike: Alike, group_of: Callable[[str], str]) -> list[Truth]:
    groups: dict[str, list[Truth]] = defaultdict(list)
    for nct_id in sorted(alike):
        gains = {other: 1.0 if things == 1 else 2.0 for other, things in sorted(alike[nct_id].items())}
        groups[group_of(nct_id)].append(Truth(group_of(nct_id), nct_id, gains))
    return [query for group in spread(sorted(groups), GROUPS) for query in spread(groups[group], QUERIES)]


def _diseases(trials: Sequence[Trial], conditions: Counter[str]) -> list[Truth]:
    having: dict[str, list[str]] = defaultdict(list)
    for trial in trials:
        for term in _terms(trial.condition_mesh):
            having[term].append(trial.nct_id)
    recent = {term: [nct_id for nct_id in held if nct_id >= RECENT] for term, held in having.items()}
    chosen = [term for term in sorted(having) if 6 <= conditions[term] <= 60 and len(recent[term]) >= QUERIES]
    return [
        Truth(term, nct_id, {other: 1.0 for other in having[term] if other != nct_id})
        for term in spread(chosen, GROUPS)
        for nct_id in spread(recent[term], QUERIES)
    ]


def asked(told: Sequence[Truth], number: Mapping[str, int]) -> Iterator[Asked]:
    """Queries of a truth by row, those that have something of what is relevant here."""
    for truth in told:
        row = number.get(truth.nct_id)
        held = {number[other]: gain for other, gain in truth.gains.items() if other in number}
        judged = Judged(held, [gain for other, gain in truth.gains.items() if other not in number])
        if row is not None and judged.relevant and held:
            yield truth.group, row, judged, truth.closed


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Take so many of a list, evenly."""
    if len(items) <= most:
        return list(items)
    return [items[at * len(items) // most] for at in range(most)]


def main(folder: Path) -> None:
    """Write the tables and print what they have."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, queries in truths([normalise(raw) for raw in records()]).items():
        lines = [
            f"{query.group}\t{query.nct_id}\t{other}\t{gain:g}"
            for query in queries
            for other, gain in query.gains.items()
        ]
        (folder / f"{kind}.tsv").write_text("\n".join(["\t".join(COLUMNS), *lines, ""]), encoding="utf-8")
        groups = len({query.group for query in queries})
        print(f"{kind}: {len(queries)} queries in {groups} groups, {len(lines) / len(queries):.1f} candidates each")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
