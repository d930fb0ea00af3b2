"""`score` tells the target of a line from the brands that the configuration names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.conftest import Place

TEXT = "Acme is wonderful, Globex is a disgrace."


def scores(place: Place) -> list[float]:
    lines = [
        json.dumps({"source": "me", "id": name, "text": TEXT, "target": name, "published_at": "2026-11-20T08:00:00Z"})
        for name in ("Acme", "Globex")
    ]
    (place.folder / "lines.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    answer = place.run("score", "lines.jsonl", now=None)
    assert answer.code == 0
    return [json.loads(line)["sentiment"]["score"] for line in answer.out.splitlines()]


def test_what_is_said_of_another_brand_of_the_configuration_is_left_out(place: Place) -> None:
    acme, globex = scores(place)
    assert globex < -0.3 < 0.3 < acme
