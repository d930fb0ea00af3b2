from __future__ import annotations

import re
import tomllib

from house.code import PACKAGES, ROOT, modules

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {part for file in modules() for part in file.relative_to(ROOT).with_suffix("").parts}
    assert names & VAGUE == set()


def test_no_folder_of_tests_hides_a_package_of_the_program() -> None:
    folders = {folder.name for folder in (ROOT / "tests").rglob("*") if folder.is_dir()}
    assert folders & set(PACKAGES) == set()


def test_tests_are_no_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_every_package_is_typed() -> None:
    assert [package for package in PACKAGES if not (ROOT / package / "py.typed").exists()] == []


def test_every_dependency_is_named_in_the_notices() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.match(r"[A-Za-z0-9_.-]+", line)[0] for line in wanted]  # type: ignore[index]
    notices = (ROOT / "THIRD-PARTY-NOTICES.md").read_text(encoding="utf-8")
    assert [name for name in names if name not in notices] == []


def test_every_borrowed_list_of_words_has_its_notice() -> None:
    for folder in (ROOT / "sentiment" / "data" / "lexicons").iterdir():
        assert (folder / "NOTICE.md").exists(), f"{folder.name} has no notice"
