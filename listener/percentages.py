"""Write a share of 1 as percent, so that one figure reads alike in tables, sentences, charts and mails.

A share is rounded to the nearest step. How much was read is rounded down: it says how far the other
figures can be relied on, so it may look less complete than it is by a step, and never more. Neither is
written as all or as nothing unless it is.
"""

from __future__ import annotations

from typing import Final

__all__ = ["coverage_percent", "percent"]

_CERTAIN_PLACES: Final = 6
"""Places after the point of a percentage that are more than the error of a float: 100 x 0.29 is less than 29."""


def percent(share: float, *, digits: int = 0, briefly: bool = False) -> str:
    """Write a share of 1 with so many decimals, such as ``67 %``, ``under 1 %`` or ``over 99 %``.

    `briefly` is for tables: ``<1 %`` and ``>99 %``.
    """
    steps = 10**digits
    rounded = round(100 * steps * share)
    if rounded == 0 and share:
        return f"{'<' if briefly else 'under '}{1 / steps:.{digits}f} %"
    if rounded == 100 * steps and share < 1:
        return f"{'>' if briefly else 'over '}{100 - 1 / steps:.{digits}f} %"
    return f"{100 * share:.{digits}f} %"


def coverage_percent(coverage: float, *, digits: int = 0, briefly: bool = False) -> str:
    """Write the share of a span that was read with so many decimals, rounded down, such as ``99 %`` or ``under 1 %``.

    Only what was read whole is ``100 %``, and only where nothing was read it is ``0 %``.
    `briefly` is for tables: ``<1 %``.
    """
    steps = 10**digits
    whole = int(round(100 * steps * coverage, _CERTAIN_PLACES))
    if not whole and coverage > 0:
        return f"{'<' if briefly else 'under '}{1 / steps:.{digits}f} %"
    return f"{min(whole, 100 * steps if coverage >= 1 else 100 * steps - 1) / steps:.{digits}f} %"
