"""What the user demands of a situation, checked and resolved to the terms of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deeppersona_graph.errors import AnchorError, UnknownNameError, shorten
from deeppersona_graph.model.situation import OLDEST, SITUATION_KEYS, YOUNGEST, Conditions
from deeppersona_graph.personas.situation import cities, names, occupations, tables
from deeppersona_graph.personas.situation.cities import Place
from deeppersona_graph.personas.situation.countries import ages_between, countries, resolve_country
from deeppersona_graph.personas.situation.occupations import Occupation


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions in the terms of the tables; `closed` holds the values still allowed of each closed key.

    Of the open keys, `city`, `occupation` and `name` are the user's letters and `places`, `known_occupation`
    what they were recognised as. `occupations` and `names` are lists to choose from.
    """

    codes: tuple[str, ...]
    sexes: tuple[str, ...]
    ages: tuple[int, ...]
    closed: Mapping[str, frozenset[str]]
    city: str | None
    places: Mapping[str, tuple[Place, ...]]
    occupation: str | None
    known_occupation: Occupation | None
    occupations: frozenset[str] | None
    names: tuple[str, ...]

    @property
    def depends(self) -> bool:
        """Whether something is demanded that depends on what is drawn before it."""
        return bool(self.closed or self.city or self.places or self.occupation or self.occupations)


def understand(conditions: Conditions) -> Wanted:
    """The conditions, resolved.

    Raises `UnknownNameError` for an unknown country or city, `AnchorError` for a value outside its space and
    for two demands on one key that exclude each other.
    """
    _check_keys(conditions)
    codes = _codes(conditions)
    closed = {
        key: found
        for key in tables.VALUES
        if key != "sex" and (found := _closed(conditions, key)) is not None
    }
    name_list = _open(conditions, "name")
    sexes = _closed(conditions, "sex")
    if sexes is None and len(name_list) == 1:
        told = names.sex_of(name_list[0], codes[0] if len(codes) == 1 else None)
        sexes = frozenset([told]) if told else None

    city_list = _open(conditions, "city")
    bound = "country" in conditions.given or "country" in conditions.allowed
    places = _places(city_list, codes, bound, conditions.unlisted)
    if places:
        codes = tuple(code for code in codes if code in places)

    given = conditions.given.get("occupation")
    occupation = str(given) if given is not None else None
    titles = conditions.allowed.get("occupation")
    if occupation is not None:
        _check_allowed("occupation", occupation, titles)
        state = occupations.state_of(occupation)
        if state is not None:
            closed["employment"] = _both(closed.get("employment"), state, occupation)
    return Wanted(
        codes,
        tuple(sex for sex in tables.VALUES["sex"] if sexes is None or sex in sexes),
        _ages(conditions),
        closed,
        city_list[0] if "city" in conditions.given else None,
        places,
        occupation,
        occupations.recognise(occupation) if occupation else None,
        titles if occupation is None else None,
        name_list,
    )


def _check_keys(conditions: Conditions) -> None:
    for key in (*conditions.given, *conditions.allowed):
        if key not in SITUATION_KEYS:
            raise UnknownNameError("part of the situation", key, SITUATION_KEYS)
    for key, value in conditions.given.items():
        if not str(value).strip():
            raise AnchorError(f"{key} is given but empty; give a value or leave it out")
    for key, values in conditions.allowed.items():
        if not values:
            raise AnchorError(f"no value of {key} is allowed; allow at least one or leave the key out")


def _codes(conditions: Conditions) -> tuple[str, ...]:
    allowed = conditions.allowed.get("country")
    codes = set(countries()) if allowed is None else {resolve_country(text) for text in sorted(allowed)}
    if "country" in conditions.given:
        given = resolve_country(str(conditions.given["country"]))
        if given not in codes:
            raise AnchorError(
                f"country is given as {countries()[given].name!r}, but allowed are only "
                f"{', '.join(sorted(codes))}; change one of the two"
            )
        codes = {given}
    return tuple(sorted(codes))


def _ages(conditions: Conditions) -> tuple[int, ...]:
    least, most = conditions.min_age, conditions.max_age
    given = conditions.given.get("age")
    if given is not None:
        try:
            age = int(given)
        except ValueError as error:
            raise AnchorError(f"age is {shorten(str(given))!r}; give whole years") from error
        if not YOUNGEST <= age <= OLDEST:
            raise AnchorError(f"age is {age}; give one from {YOUNGEST} to {OLDEST}, as personas are")
        if not least <= age <= most:
            raise AnchorError(f"age is {age}, but {least} to {most} is demanded; change one of the two")
        ages: tuple[int, ...] = (age,)
    else:
        ages = ages_between(least, most)
    allowed = conditions.allowed.get("age")
    if allowed is not None:
        ages = tuple(age for age in ages if str(age) in allowed)
    if not ages:
        raise AnchorError(
            f"no age from {YOUNGEST} to {OLDEST} lies within {least} to {most}"
            f"{' and the allowed ones' if allowed else ''}; widen the bounds"
        )
    return ages


def _closed(conditions: Conditions, key: str) -> frozenset[str] | None:
    values = tables.VALUES[key]
    allowed = conditions.allowed.get(key)
    given = conditions.given.get(key)
    for value in [*sorted(allowed or ()), *([] if given is None else [str(given)])]:
        if value not in values:
            choice = ", ".join(map(repr, values))
            raise AnchorError(f"{key} is {shorten(value)!r}; it must be one of {choice}")
    if given is None:
        return allowed
    _check_allowed(key, str(given), allowed)
    return frozenset([str(given)])


def _open(conditions: Conditions, key: str) -> tuple[str, ...]:
    allowed, given = conditions.allowed.get(key), conditions.given.get(key)
    if given is None:
        return tuple(sorted(allowed or ()))
    _check_allowed(key, str(given), allowed)
    return (str(given),)


def _check_allowed(key: str, given: str, allowed: frozenset[str] | None) -> None:
    if allowed is not None and given not in allowed:
        raise AnchorError(
            f"{key} is given as {shorten(given)!r}, but allowed are only {', '.join(sorted(allowed))}; "
            "change one of the two"
        )


def _both(employment: frozenset[str] | None, state: str, occupation: str) -> frozenset[str]:
    if employment is not None and state not in employment:
        raise AnchorError(
            f"occupation {shorten(occupation)!r} means employment {state!r}, but employment is given as "
            f"{' or '.join(map(repr, sorted(employment)))}; change one of the two"
        )
    return frozenset([state])


def _places(
    texts: tuple[str, ...], codes: tuple[str, ...], bound: bool, unlisted: bool
) -> dict[str, tuple[Place, ...]]:
    """The places meant, by country; a city given without a country is the largest one of its name."""
    found: dict[str, list[Place]] = {}
    for text in texts:
        place = None
        try:
            if not (bound and len(codes) == 1):
                place = cities.resolve_city(text)
            if place is None or place.country not in codes:
                place = _place_within(text, codes)
        except UnknownNameError:
            if not unlisted or len(codes) > 1:
                raise
            place = Place(text, codes[0], cities.UNLISTED)
        found.setdefault(place.country, []).append(place)
    return {code: tuple(listed) for code, listed in found.items()}


def _place_within(text: str, codes: tuple[str, ...]) -> Place:
    candidates, error = [], None
    for code in codes:
        try:
            candidates.append(cities.resolve_city(text, code))
        except UnknownNameError as unknown:
            error = unknown
    if candidates:
        return max(candidates, key=lambda place: place.population)
    try:
        elsewhere = cities.resolve_city(text)
    except UnknownNameError:
        raise error or UnknownNameError("city", text) from None
    raise AnchorError(
        f"city {shorten(text)!r} lies in {countries()[elsewhere.country].name}, but country is "
        f"{', '.join(countries()[code].name for code in codes[:3])}; change one of the two"
    )
