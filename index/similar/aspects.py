"""By what trials are compared, the whole or one aspect of them: what the groups of a query's vector are multiplied by.

An aspect weighs three quarters and the whole one, so that among the many trials of a same design or sponsor the ones
that are about the same come first.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.similar.groups import GROUPS

WHOLE = "whole"
ASPECTS = {
    "condition": "conditions",
    "intervention": "interventions",
    "design": "design",
    "eligibility": "eligibility",
    "outcomes": "outcomes",
    "sponsor": "sponsor",
}  # → the group that tells
SHARE = 0.75


@cache
def factors(aspect: str) -> NDArray[np.float64]:
    """Factor of each group for the whole or an aspect; KeyError for any other word."""
    whole = np.array([float(group.weight > 0) for group in GROUPS])
    if aspect == WHOLE:
        return whole
    telling = ASPECTS[aspect]
    own = np.array([(group.name == telling) / (group.weight or 1.0) for group in GROUPS])
    return SHARE * own + (1 - SHARE) * whole
