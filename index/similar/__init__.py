"""Similarity: fielded vectors, a memory-mapped matrix, and reasons that add up to the score."""
