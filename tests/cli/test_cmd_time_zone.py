"""Where no time zone is configured days are cut in that of $TZ, and a name that is none is told of where one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Place

BRAND = '[[brands]]\nname = "Acme"\n'
MISSPELT = "Europe/Berln"
DOUBT = (
    'days are cut in {}, as $TZ names no other: time zone "Europe/Berln" is not known; did you mean "Europe/Berlin"?'
)


@pytest.mark.parametrize("command", ["doctor", "check"])
def test_a_misspelt_time_zone_of_the_environment_is_told_of(
    place: Place, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: "Asia/Tokyo")
    monkeypatch.setenv("TZ", MISSPELT)
    place.configure(BRAND)

    told = place.run(command, now=None)

    assert told.code == 0
    (line,) = (line for line in told.out.splitlines() if "time zone" in line)
    assert line.startswith("warn")
    assert DOUBT.format("Asia/Tokyo") in line


def test_a_configured_time_zone_leaves_no_doubt(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", MISSPELT)

    assert "$TZ" not in place.run("check", now=None).out
    assert "days are cut in Asia/Kolkata" in place.run("doctor", now=None).out


@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin", ":right/Europe/Berlin", "EST5EDT"])
def test_days_are_cut_in_the_time_zone_of_the_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TZ", name)
    place.configure(BRAND)

    assert f"days are cut in {name.removeprefix(':').removeprefix('right/')}\n" in place.run("doctor", now=None).out


@pytest.mark.parametrize("name", ["", ":/"])
def test_without_a_name_of_a_zone_it_is_that_of_the_machine(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: "Asia/Tokyo")
    monkeypatch.setenv("TZ", name)
    place.configure(BRAND)

    assert "days are cut in Asia/Tokyo\n" in place.run("doctor", now=None).out
