"""Numbers drawn from their range: most of them typical, the rest rarer the further away."""

from __future__ import annotations

import math

from deeppersona_graph.model.tree import Attribute

TYPICAL_SHARE = 0.8
"""Probability of the typical range; the density falls linearly from its ends to 0 at the bounds."""

FINEST = 0.01
"""Step of numbers that are no whole ones."""


EVERYWHERE = (-math.inf, math.inf)


def number_range(
    attribute: Attribute, age: int, between: tuple[float, float] = EVERYWHERE
) -> tuple[float, float]:
    """The bounds of the number for a person of this age, both included, within the open interval `between`;
    the lower is above the upper where nothing is left."""
    low = attribute.minimum if attribute.minimum is not None else -math.inf
    high = attribute.maximum if attribute.maximum is not None else math.inf
    if attribute.at_most is not None:
        high = min(high, age - attribute.at_most)
    if attribute.at_least is not None:
        low = max(low, age - attribute.at_least)
    whole = is_whole(attribute)
    if math.isfinite(between[0]):
        low = max(low, math.floor(between[0]) + 1 if whole else round(between[0] + FINEST, 2))
    if math.isfinite(between[1]):
        high = min(high, math.ceil(between[1]) - 1 if whole else round(between[1] - FINEST, 2))
    return low, high


def is_whole(attribute: Attribute) -> bool:
    """Whether its numbers are whole ones: unless the range is given in fractions."""
    return all(float(bound).is_integer() for bound in (attribute.minimum or 0, attribute.maximum or 0))


def number_at(u: float, attribute: Attribute, age: int, between: tuple[float, float]) -> int | float | None:
    """The quantile `u` of the attribute's distribution, cut to its range at `age` and to the open interval
    `between`; None where nothing is left."""
    low, high = number_range(attribute, age, between)
    if low > high or not math.isfinite(high - low):
        return None
    if is_whole(attribute):
        drawn = _quantile(u, attribute, low, high + 1, width=1.0)
        return int(min(drawn // 1, high))
    return min(max(round(_quantile(u, attribute, low, high, width=0.0), 2), low), high)


def _quantile(u: float, attribute: Attribute, low: float, high: float, width: float) -> float:
    """Inverse of the distribution function, cut to [low, high], by bisection to a thousandth of the range."""
    below, above = _share_below(attribute, low, width), _share_below(attribute, high, width)
    if above - below < 1e-9:
        return low + u * (high - low)
    target, left, right = below + u * (above - below), low, high
    for _ in range(40):
        middle = (left + right) / 2
        if _share_below(attribute, middle, width) < target:
            left = middle
        else:
            right = middle
    return right


def _share_below(attribute: Attribute, x: float, width: float) -> float:
    """Distribution function over [minimum, maximum + width): triangular tails around a flat typical range.

    `width` is 1 for whole numbers, each standing for the unit that it begins, and 0 for fractions.
    """
    least = attribute.minimum or 0.0
    most = (attribute.maximum or 0.0) + width
    first, last = attribute.typical or (least, most - width)
    last += width
    tails = [max(first - least, 0.0), max(most - last, 0.0)]
    rare = (1.0 - TYPICAL_SHARE) if any(tails) else 0.0
    left = rare * tails[0] / sum(tails) if any(tails) else 0.0
    if x <= least:
        return 0.0
    if x >= most:
        return 1.0
    if x < first:
        return left * ((x - least) / tails[0]) ** 2
    if x <= last and last > first:
        return left + (1.0 - rare) * (x - first) / (last - first)
    return 1.0 - (rare - left) * ((most - x) / tails[1]) ** 2
