"""Countries that were renamed: under the registry's old and its current names they are one."""

RENAMED_COUNTRIES = {
    "Korea, Republic of": "South Korea",
    "Russian Federation": "Russia",
    "Czech Republic": "Czechia",
    "Turkey": "Turkey (Türkiye)",
}
OLD_COUNTRY_NAMES = {current: old for old, current in RENAMED_COUNTRIES.items()}
_CURRENT = {old.casefold(): current for old, current in RENAMED_COUNTRIES.items()}


def other_country_name(name: str) -> str | None:
    """The other name of a country that was renamed, the old or the current one; None where there is none."""
    return RENAMED_COUNTRIES.get(name) or OLD_COUNTRY_NAMES.get(name)


def current_country(name: str) -> str:
    """Return the registry's current name of a country, which may be given in any case."""
    return _CURRENT.get(name.casefold(), name)
