"""Create what finds the reposts of a mention: they go with it."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE INDEX mentions_of_repost ON mentions (source_id, repost_of) WHERE repost_of IS NOT NULL;
"""
