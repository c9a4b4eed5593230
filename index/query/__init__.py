"""The query language: text → a small tree, with no engine in it."""
