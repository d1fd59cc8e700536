"""What the measured numbers have in common: medians, percentiles, spreads. Pure."""

import math
import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def p99(values: Sequence[float]) -> float:
    return percentile(values, 0.99)


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The smallest and the largest, to judge by how far the rounds agree."""
    return f"{round(min(values), digits):g}–{round(max(values), digits):g}"
