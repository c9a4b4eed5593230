"""The commands, a file a family: parse, one call, show."""
