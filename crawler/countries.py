"""Countries that were renamed: under the registry's old and its current names they are one."""

RENAMED_COUNTRIES = {
    "Korea, Republic of": "South Korea",
    "Russian Federation": "Russia",
    "Czech Republic": "Czechia",
    "Turkey": "Turkey (Türkiye)",
}
OLD_COUNTRY_NAMES = {current: old for old, current in RENAMED_COUNTRIES.items()}
# What people write for a country that no record calls so: a search takes it, records keep theirs.
_SPOKEN = {
    "United States": ("us", "usa", "united states of america", "america"),
    "United Kingdom": ("uk", "great britain"),
    "United Arab Emirates": ("uae",),
    "South Korea": ("republic of korea",),
    "Turkey (Türkiye)": ("türkiye", "turkiye"),
}
_MEANT = {name: country for country, names in _SPOKEN.items() for name in names}
_CURRENT = {old.casefold(): current for old, current in RENAMED_COUNTRIES.items()}


def other_country_name(name: str) -> str | None:
    """The other name of a country that was renamed, the old or the current one; None where there is none."""
    return RENAMED_COUNTRIES.get(name) or OLD_COUNTRY_NAMES.get(name)


def current_country(name: str) -> str:
    """Return the registry's current name of a country, which may be given in any case."""
    return _CURRENT.get(name.casefold(), name)


def country_meant(name: str) -> str:
    """Return the registry's current name of a country as people write it: `usa`, `U.K.`, an old name, in any case."""
    return _MEANT.get(name.casefold().replace(".", ""), current_country(name))
