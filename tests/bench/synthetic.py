"""As many records as wanted, recombined from real ones: what a trial is about from one, whom it takes from another,
where it runs, who pays and when from others. Lengths, words and facets are real; no two are alike.

`python -m tests.bench.synthetic 600000 FILE.jsonl.gz` writes them.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from crawler.files import read_source
from crawler.record import RawRecord
from tests.bench.__main__ import FILES, SHARED

FIRST = 10_000_000  # the first NCT number: beyond the registry's own
# What comes from one and the same real record.
ABOUT = ("identificationModule", "descriptionModule", "conditionsModule", "armsInterventionsModule", "outcomesModule")
TOGETHER = (ABOUT, ("eligibilityModule",), ("contactsLocationsModule",), ("sponsorCollaboratorsModule",), (
    "statusModule", "designModule",
))  # fmt: skip


def real_records() -> list[dict[str, Any]]:
    """The real records, parsed, in order of NCT id."""
    items = (item for name in FILES for _, item in read_source(str(SHARED / name)))
    records = {item.nct_id: item.data for item in items if isinstance(item, RawRecord)}
    return [records[nct_id] for nct_id in sorted(records)]


def synthetic(count: int, seed: int = 1) -> Iterator[RawRecord]:
    """Yield records in order of NCT id, the same ones for the same seed."""
    choose = Random(seed)  # noqa: S311 - a fixed sample
    sources = real_records()
    for number in range(FIRST, FIRST + count):
        about, *others = (choose.choice(sources) for _ in TOGETHER)
        protocol: dict[str, Any] = {}
        for source, names in zip((about, *others), TOGETHER, strict=True):
            protocol |= {name: source["protocolSection"][name] for name in names if name in source["protocolSection"]}
        protocol["identificationModule"] = {
            "nctId": f"NCT{number:08d}",
            **{name: value for name, value in protocol["identificationModule"].items() if name.endswith("Title")},
        }
        record = {"protocolSection": protocol, "hasResults": bool(choose.getrandbits(1))}
        if "derivedSection" in about:
            record["derivedSection"] = about["derivedSection"]
        yield RawRecord(msgspec.json.encode(record))


def main() -> None:
    """Write a file of them."""
    count, path = int(sys.argv[1]), Path(sys.argv[2])
    with gzip.open(path, "wb", compresslevel=1) as out:
        for raw in synthetic(count):
            out.write(raw.body + b"\n")


if __name__ == "__main__":
    main()
