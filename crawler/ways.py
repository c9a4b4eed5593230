"""Pure: by which requests a refresh asks what changed, so that they are few."""

from dataclasses import dataclass
from enum import Enum

from crawler.registry import IDS_A_CALL, LARGEST_PAGE

FEW_BATCHES = 2  # to ask how long the walk would be is a request as well


class Way(Enum):
    """How changes are asked for."""

    MIRROR = "every trial of the registry"
    WALK = "everything updated since"
    BATCHES = "the ids held"
    SWEEP = "every id there is"


@dataclass(frozen=True)
class Standing:
    """Where a cache stands before a refresh, and what was asked for.

    `marked`: it was complete up to some data; `new_data`: the registry has other data now; `resumed`: a run broke off.
    """

    mirrored: bool
    marked: bool
    new_data: bool
    resumed: bool
    whole: bool = False
    sweep: bool = False

    @property
    def ways(self) -> list[Way]:
        """What to ask, in order; none where nothing is new. `BATCHES` may become `WALK` once its length is known."""
        missing = self.new_data or self.resumed or not self.marked or (self.whole and not self.mirrored)
        if self.whole and missing:
            return [Way.MIRROR, Way.SWEEP] if self.sweep else [Way.MIRROR]
        if self.sweep:
            return [Way.SWEEP]
        if not missing:
            return []
        return [Way.WALK if self.mirrored else Way.BATCHES]


def batches(held: int) -> int:
    """How many requests it takes to ask for so many ids."""
    return -(-held // IDS_A_CALL)


def pages(total: int) -> int:
    """How many pages a walk over so many trials has; a full last page is followed by an empty one."""
    return total // LARGEST_PAGE + 1


def fewer(held: int, updated: int) -> Way:
    """Batches of the ids held, or a walk over all that was updated: whichever is fewer requests."""
    return Way.WALK if pages(updated) < batches(held) else Way.BATCHES
