"""Sites as a table of their own, a row a site: what has to hold within one location is answered from here."""

from array import array
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from crawler.trial import Location
from index.inverted import Mask
from index.kinds import ARRAYS, SITE_KINDS
from index.mapped import Folder, read_arrays, write_arrays
from index.merge import Merge

_Texts: TypeAlias = NDArray[np.uint8]

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
_NO_SITES: dict[str, NDArray[Any]] = {name: np.zeros(int(name == "begins"), kind) for name, kind in SITE_KINDS.items()}


class SiteTable:
    """Sites of one generation, opened where they lie. `row` is the trial of each site, ascending."""

    def __init__(self, folder: Path | Folder) -> None:
        self.arrays = read_arrays(folder / ARRAYS, SITE_KINDS)
        self.row: NDArray[np.int32] = self.arrays["row"]
        self._latitude: NDArray[np.float64] = self.arrays["latitude"]
        self._longitude: NDArray[np.float64] = self.arrays["longitude"]
        self._begins: NDArray[np.int64] = self.arrays["begins"]
        self._texts: NDArray[np.uint8] = self.arrays["texts"]
        self._measured: tuple[tuple[float, float, int], NDArray[np.float64]] | None = None

    def of(self, row: int) -> list[Site]:
        """Sites of a trial, in the record's order."""
        first, last = np.searchsorted(self.row, [row, row + 1]).tolist()
        begins = self._begins[first : last + 1].tolist()
        return [_SITE.decode(self._texts[begin:end].tobytes()) for begin, end in pairwise(begins)]

    def distances(self, latitude: float, longitude: float, size: int) -> NDArray[np.float64]:
        """Kilometres from a point (degrees) to the nearest site of each trial; infinite where none has a place.

        The last point's are kept: a search asks for them to choose by, to sort by and to tell.
        """
        asked, measured = (latitude, longitude, size), self._measured
        if measured is None or measured[0] != asked:
            measured = self._measured = asked, self._nearest(latitude, longitude, size)
        return measured[1]

    def _nearest(self, latitude: float, longitude: float, size: int) -> NDArray[np.float64]:
        nearest = np.full(size, np.inf)
        placed = np.flatnonzero(~np.isnan(self._latitude))
        distance = great_circle_km(latitude, longitude, self._latitude[placed], self._longitude[placed])
        np.minimum.at(nearest, self.row[placed], distance)
        nearest.flags.writeable = False
        return nearest

    def unplaced(self) -> int:
        """Count the trials that have sites of which no record says where on the globe they are."""
        return np.unique(self.row).size - np.unique(self.row[~np.isnan(self._latitude)]).size

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
        self._row = array("i")
        self._places = array("d")
        self._texts = bytearray()
        self._lengths = array("i")
        self._rows = 0

    def add(self, locations: Sequence[Location]) -> None:
        """Take the next trial's sites; half a place is none."""
        for site in locations:
            self._row.append(self._rows)
            placed = site.lat is not None and site.lon is not None
            self._places.extend((site.lat or 0.0, site.lon or 0.0) if placed else (np.nan, np.nan))
            texts = msgspec.msgpack.encode(
                Site(site.facility, site.city, site.state, site.country, site.zip, site.status)
            )
            self._texts += texts
            self._lengths.append(len(texts))
        self._rows += 1

    def write(self, folder: Path, merge: Merge, previous: SiteTable | None = None) -> None:
        """Write the table into a new folder, with the sites that stay of the one before."""
        folder.mkdir(parents=True)
        before = _NO_SITES if previous is None else previous.arrays
        places = np.array(self._places, np.float64).reshape(-1, 2)
        taken, row = merge.lines(before["row"], np.array(self._row, np.int32))
        lengths = np.concatenate([np.diff(before["begins"]), np.array(self._lengths, np.int64)])
        new = np.frombuffer(self._texts, np.uint8) if self._texts else before["texts"][:0]
        arrays = {
            "row": row,
            "latitude": np.concatenate([before["latitude"], places[:, 0]])[taken],
            "longitude": np.concatenate([before["longitude"], places[:, 1]])[taken],
            "begins": np.cumsum(np.append(0, lengths[taken])),
            "texts": _texts_taken(before["texts"], new, np.cumsum(np.append(0, lengths)), taken, before["row"].size),
        }
        write_arrays(folder / ARRAYS, SITE_KINDS, arrays)


def _texts_taken(before: _Texts, new: _Texts, begins: NDArray[np.int64], taken: NDArray[np.int64], held: int) -> _Texts:
    """Texts of lines, which lie one after the other, `held` of them in what was before, the others in what is new.

    Lines that follow each other are taken at once: a whole registry's texts are hundreds of megabytes.
    """
    breaks = np.flatnonzero((np.diff(taken) != 1) | (taken[1:] == held)) + 1
    pieces = []
    for run in np.split(taken, breaks):
        if run.size:
            source, shift = (before, 0) if run[0] < held else (new, before.size)
            pieces.append(source[begins[run[0]] - shift : begins[run[-1] + 1] - shift])
    return pieces[0] if len(pieces) == 1 else np.concatenate([before[:0], *pieces])
