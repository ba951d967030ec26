"""Numbers drawn from their range: most of them typical, the rest rarer the further away."""

from __future__ import annotations

from deeppersona_graph.model.tree import Attribute

TYPICAL_SHARE = 0.8
"""Probability of the typical range; the density falls linearly from its ends to 0 at the bounds."""


def number_range(attribute: Attribute, age: int) -> tuple[float, float]:
    """The bounds of the number for a person of this age, both included."""
    low = attribute.minimum if attribute.minimum is not None else 0.0
    high = attribute.maximum if attribute.maximum is not None else low
    if attribute.at_most is not None:
        high = min(high, age - attribute.at_most)
    if attribute.at_least is not None:
        low = max(low, age - attribute.at_least)
    return low, high


def number_at(u: float, attribute: Attribute, age: int, between: tuple[float, float]) -> int | float | None:
    """The quantile `u` of the attribute's distribution, cut to its range at `age` and to the open interval
    `between`; None where nothing is left. Whole unless the range is given in fractions."""
    whole = all(float(bound).is_integer() for bound in (attribute.minimum or 0, attribute.maximum or 0))
    low, high = number_range(attribute, age)
    step = 1.0 if whole else 0.0
    low, high = max(low, between[0] + step), min(high, between[1] - step)
    if low > high:
        return None
    if whole:
        drawn = _quantile(u, attribute, low, high + 1)
        return int(min(drawn // 1, high))
    return round(_quantile(u, attribute, low, high), 2)


def _quantile(u: float, attribute: Attribute, low: float, high: float) -> float:
    """Inverse of the distribution function, cut to [low, high], by bisection to a thousandth of the range."""
    below, above = _share_below(attribute, low), _share_below(attribute, high)
    if above - below < 1e-9:
        return low + u * (high - low)
    target, left, right = below + u * (above - below), low, high
    for _ in range(40):
        middle = (left + right) / 2
        if _share_below(attribute, middle) < target:
            left = middle
        else:
            right = middle
    return right


def _share_below(attribute: Attribute, x: float) -> float:
    """Distribution function over [minimum, maximum + 1): triangular tails around a flat typical range."""
    least = attribute.minimum or 0.0
    most = (attribute.maximum or 0.0) + 1.0
    first, last = attribute.typical or (least, most - 1.0)
    last += 1.0
    tails = [max(first - least, 0.0), max(most - last, 0.0)]
    rare = (1.0 - TYPICAL_SHARE) if any(tails) else 0.0
    left = rare * tails[0] / sum(tails) if any(tails) else 0.0
    if x <= least:
        return 0.0
    if x >= most:
        return 1.0
    if x < first:
        return left * ((x - least) / tails[0]) ** 2
    if x <= last:
        return left + (1.0 - rare) * (x - first) / (last - first)
    return 1.0 - (rare - left) * ((most - x) / tails[1]) ** 2
