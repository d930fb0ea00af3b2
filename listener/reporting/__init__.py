"""Make digests, alert messages and charts from the store, keep them there, hand them on.

`desk` holds what all are made from, `periods` says which days a digest is about,
`terms` and `sections` gather what it tells of a brand, `digests` puts it together,
`pictures` and `messages` make what goes out about an episode, `delivery` hands over.
"""

from listener.reporting.delivery import deliver
from listener.reporting.desk import Desk
from listener.reporting.digests import compose_digest, render_digest_of, save_digest
from listener.reporting.messages import render_alert_of
from listener.reporting.periods import Period, due_period, is_told, joined_to, period_of
from listener.reporting.pictures import draw_episode_of, save_chart
from listener.reporting.sections import loudness, section_of
from listener.reporting.terms import brand_words, find_terms, is_known_before

__all__ = [
    "Desk",
    "Period",
    "brand_words",
    "compose_digest",
    "deliver",
    "draw_episode_of",
    "due_period",
    "find_terms",
    "is_known_before",
    "is_told",
    "joined_to",
    "loudness",
    "period_of",
    "render_alert_of",
    "render_digest_of",
    "save_chart",
    "save_digest",
    "section_of",
]
