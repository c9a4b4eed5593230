"""Trial → terms → answers: analysis, engines, facets, similarity."""
