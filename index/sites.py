"""Sites as a table of their own, a row a site: what has to hold within one location is answered from here."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from crawler.trial import Location
from index.columns import Mask

EARTH_KM = 6371.0088  # mean radius


class Site(msgspec.Struct, frozen=True, array_like=True):
    """A site's texts, as the record writes them."""

    facility: str | None
    city: str | None
    state: str | None
    country: str | None
    zip: str | None
    status: str | None


_SITE = msgspec.msgpack.Decoder(Site)
_ARRAYS = ("row", "latitude", "longitude", "begins", "texts")


class SiteTable:
    """Sites of one generation, opened where they lie. `row` is the trial of each site, ascending."""

    def __init__(self, folder: Path) -> None:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        self.row: NDArray[np.int32] = arrays["row"]
        self._latitude: NDArray[np.float64] = arrays["latitude"]
        self._longitude: NDArray[np.float64] = arrays["longitude"]
        self._begins: NDArray[np.int64] = arrays["begins"]
        self._texts: NDArray[np.uint8] = arrays["texts"]

    def of(self, row: int) -> list[Site]:
        """Sites of a trial, in the record's order."""
        first, last = np.searchsorted(self.row, [row, row + 1]).tolist()
        begins = self._begins[first : last + 1].tolist()
        return [_SITE.decode(self._texts[begin:end].tobytes()) for begin, end in pairwise(begins)]

    def distances(self, latitude: float, longitude: float, size: int) -> NDArray[np.float64]:
        """Kilometres from a point (degrees) to the nearest site of each trial; infinite where none has a place."""
        nearest = np.full(size, np.inf)
        placed = np.flatnonzero(~np.isnan(self._latitude))
        distance = great_circle_km(latitude, longitude, self._latitude[placed], self._longitude[placed])
        np.minimum.at(nearest, self.row[placed], distance)
        return nearest

    def within(self, latitude: float, longitude: float, kilometres: float, size: int) -> Mask:
        """Trials with a site within a distance of a point."""
        return self.distances(latitude, longitude, size) <= kilometres


def great_circle_km(
    latitude: float, longitude: float, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distances on the globe from one point to others, all in degrees (haversine)."""
    here, there = np.radians(latitude), np.radians(latitudes)
    half_lat, half_lon = (there - here) / 2, np.radians(longitudes - longitude) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(here) * np.cos(there) * np.sin(half_lon) ** 2
    distance: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distance


class SiteWriter:
    """Collects sites from trials in order of their rows."""

    def __init__(self) -> None:
        self._row: list[int] = []
        self._places: list[tuple[float, float]] = []
        self._texts: list[bytes] = []
        self._rows = 0

    def add(self, locations: Sequence[Location]) -> None:
        """Take the next trial's sites; half a place is none."""
        for site in locations:
            self._row.append(self._rows)
            placed = site.lat is not None and site.lon is not None
            self._places.append((site.lat or 0.0, site.lon or 0.0) if placed else (np.nan, np.nan))
            texts = Site(site.facility, site.city, site.state, site.country, site.zip, site.status)
            self._texts.append(msgspec.msgpack.encode(texts))
        self._rows += 1

    def write(self, folder: Path) -> None:
        """Write the table into a new folder."""
        folder.mkdir(parents=True)
        places = np.array(self._places, np.float64).reshape(-1, 2)
        arrays: dict[str, NDArray[np.generic]] = {
            "row": np.array(self._row, np.int32),
            "latitude": places[:, 0],
            "longitude": places[:, 1],
            "begins": np.cumsum([0, *map(len, self._texts)]),
            "texts": np.frombuffer(b"".join(self._texts), np.uint8),
        }
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
