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


def test_the_name_of_a_brand_of_the_configuration_carries_no_feeling(place: Place) -> None:
    (place.folder / "lines.jsonl").write_text('{"text": "I opened Horror today"}\n', encoding="utf-8")

    def evidence(*brand: str) -> int:
        return json.loads(place.run("score", *brand, "lines.jsonl", now=None).out)["sentiment"]["evidence"]

    place.configure('[[brands]]\nname = "Acme"\n')
    assert (evidence(), evidence("--brand", "Acme")) == (1, 1)
    place.configure('[[brands]]\nname = "Acme"\n[[brands]]\nname = "Horror"\n')
    assert (evidence(), evidence("--brand", "Acme")) == (0, 0)
