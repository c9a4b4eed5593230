"""Answers → people and programs: a terminal, JSON, the registry's own API."""
