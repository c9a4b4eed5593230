"""What stands beside an engine's postings in a generation, the same for every engine."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from index.columns import Columns
from index.mapped import Folder

if TYPE_CHECKING:
    from index.record_fields import RecordFields, Records
    from index.sites import SiteTable


class Tables:
    """Columns and sites, rows in order of NCT id, and the records behind them."""

    def __init__(self, columns: Columns, sites: Path | Folder, records: "Records | None" = None) -> None:
        """Take them as they lie; `records` as in `Index.open`."""
        self.columns = columns
        self._sites = sites
        self._records = records

    @cached_property
    def sites(self) -> "SiteTable":
        """Sites of all trials."""
        from index.sites import SiteTable

        return SiteTable(self._sites)

    @cached_property
    def records(self) -> "RecordFields":
        """What is read in the records, and was."""
        from index.record_fields import RecordFields

        return RecordFields(self.columns, self._records)
