"""Bluesky's stream trusts the certificates that the environment names, as all other sources do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.bluesky_reading import hundred_posts, keys, read_all, source_for
from listener.api import PermanentSourceError
from servers.jetstream import Jetstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def behind_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jetstream]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with Jetstream(hundred_posts(), certificate=certificate) as stream:
        yield stream


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_that_the_environment_names_is_trusted(
    behind_tls: Jetstream, certificate: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(certificate))
    mentions, _ = read_all(source_for(behind_tls))
    assert keys(mentions) == set(range(0, 100, 4))


def test_any_other_certificate_is_refused_with_what_may_be_done(behind_tls: Jetstream) -> None:
    with pytest.raises(
        PermanentSourceError, match=r"the certificate of 127\.0\.0\.1 is not trusted; REQUESTS_CA_BUNDLE"
    ):
        source_for(behind_tls).check()


@pytest.mark.parametrize("held", [None, "no certificate"], ids=["no file", "none in it"])
def test_a_file_without_certificates_is_told_by_the_name_of_the_variable(
    behind_tls: Jetstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if held is not None:
        bundle.write_text(held)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(
        PermanentSourceError, match=r"REQUESTS_CA_BUNDLE names .*bundle\.pem, which holds no certificates"
    ):
        source_for(behind_tls).check()
