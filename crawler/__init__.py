"""The registry, fetched and kept: from bytes on the wire to a typed Trial on disk."""
