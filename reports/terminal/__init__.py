"""Draw with the characters of a terminal, as bars that need no colour to be read.

The drawing is plotext's, which keeps one figure for the whole process: one
thread draws at a time.
"""

from __future__ import annotations

from reports.terminal.measures import Rated, Surveyed, draw_surveys_in_terminal
from reports.terminal.trend import draw_in_terminal
from reports.terminal.waits import Asked, draw_waits_in_terminal

__all__ = ["Asked", "Rated", "Surveyed", "draw_in_terminal", "draw_surveys_in_terminal", "draw_waits_in_terminal"]
