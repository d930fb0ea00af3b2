from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from house.code import ROOT
from listener import wiring
from listener.cli.main import run
from listener.config import load_config


def test_the_sample_in_the_repository_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "sample"]) == 0
    assert (ROOT / "config.toml").read_text(encoding="utf-8") == capsys.readouterr().out, "run make docs"


def test_the_sample_is_a_valid_configuration() -> None:
    wiring.validate(load_config(ROOT / "config.toml"))


def test_every_line_of_the_sample_that_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    lines = (ROOT / "config.toml").read_text(encoding="utf-8").splitlines()
    bare = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in lines]
    # What is for one kind of rule only does not go with the others.
    allowed = [line for before, line in pairwise(["", *bare]) if not before.startswith("# For kind ")]
    text = "\n".join(line for line in allowed if re.match(r"[a-z\[]|$", line))
    assert "bearer_token_env" in text
    file.write_text(text, encoding="utf-8")
    wiring.validate(load_config(file))


@pytest.mark.parametrize("brand", ["Acme", 'Acme "Rockets"', "كوكا كولا", "O'Acme\\"])
def test_the_starter_file_is_valid_for_any_brand(brand: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert run(["init", str(file), "--brand", brand]) == 0
    config = load_config(file)
    wiring.validate(config)
    assert [one.name for one in config.brands] == [brand]
