"""The bundled sample registry: facts from real trials, prose in our own words."""
