"""Where things are and how politely we ask: settings as values, read once at the edge."""

from dataclasses import dataclass
from pathlib import Path

REGISTRY_URL = "https://clinicaltrials.gov/api/v2"
SAMPLE = "sample"  # `--registry sample`: the bundled records, served on loopback
PACE_SECONDS = 1.0  # robots.txt of the registry asks for a crawl delay of one second
SLOWEST_PACE_SECONDS = 5.0  # a registry that says 429 is asked at most this rarely
BODY_LIMIT_BYTES = 64 * 1024 * 1024  # the largest record known is near 1 MB, a page of 1,000 near 20 MB
HOME = "https://github.com/trialkin/trialkin"


def program_version() -> str:
    """Version of trialkin as installed, or `0` from a tree that is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - 10 ms of every start

    try:
        return version("trialkin")
    except PackageNotFoundError:
        return "0"


@dataclass(frozen=True)
class Cache:
    """The files of one cache folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """SQLite file with every version of every record."""
        return self.folder / "trials.db"

    @property
    def seal(self) -> Path:
        """Checksums of the database file as the last writer left it."""
        return self.folder / "trials.db.seal"

    @property
    def lock(self) -> Path:
        """File that a writer holds locked, with its process id in it."""
        return self.folder / "lock"

    @property
    def index(self) -> Path:
        """Folder with the manifest and one folder a generation."""
        return self.folder / "index"

    @property
    def past(self) -> Path:
        """Folder with an index for each day asked about, and the lock of who builds one."""
        return self.folder / "as-of"


@dataclass(frozen=True)
class CacheAsOf(Cache):
    """The same files, with the index of a day (`2024-05-31`)."""

    day: str

    @property
    def index(self) -> Path:
        """Folder of that day's index; it is laid out as the other one is."""
        return self.past / self.day
