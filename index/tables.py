"""What stands beside an engine's postings in a generation, the same for every engine."""

from dataclasses import dataclass

from index.columns import Columns
from index.record_fields import RecordFields
from index.sites import SiteTable


@dataclass(frozen=True)
class Tables:
    """Columns and sites, rows in order of NCT id, and the records behind them."""

    columns: Columns
    sites: SiteTable
    records: RecordFields
