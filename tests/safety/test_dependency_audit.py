"""The audit of dependencies fails for a known vulnerability alone, and says plainly where it found nothing out.

pip-audit itself runs; the service of vulnerabilities it asks stands on loopback.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dependency_audit import ACCEPTED, Report, judge, read_acceptances
from servers.web import Answer, Request, SimulatedServer

SCRIPT = Path(__file__).parents[1] / "dependency_audit.py"


class Osv(SimulatedServer):
    """Know one vulnerability of the package named `leaky`."""

    def route(self, request: Request) -> Answer:
        package = request.json()["package"]["name"]
        known: dict[str, Any] = {
            "id": "GHSA-aaaa-bbbb-cccc",
            "aliases": ["CVE-2026-0001"],
            "published": "2026-01-01T00:00:00Z",
            "modified": "2026-01-01T00:00:00Z",
            "summary": "It leaks",
            "details": "It leaks.",
            "affected": [
                {
                    "package": {"name": "leaky", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
                    "versions": ["1.0"],
                }
            ],
        }
        return Answer.json({"vulns": [known]} if package == "leaky" else {})


def install(folder: Path, *names: str) -> None:
    for name in names:
        metadata = folder / f"{name}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")


def audit(folder: Path, url: str, accepted: str = "") -> tuple[int, str]:
    file = folder / "accepted.toml"
    file.write_text(accepted, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "--path", str(folder / "site"), "--osv-url", url, "--accepted", str(file)]
    caching = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=caching)
    return done.returncode, done.stdout + done.stderr


def accept(until: str, name: str = "CVE-2026-0001", reason: str = "never called") -> str:
    return f'[[accepted]]\nid = "{name}"\nreason = "{reason}"\nuntil = {until}\n'


FOUND = Report(audited=2, total=2, found=(("leaky 1.0", "CVE-2026-0001", ("GHSA-aaaa-bbbb-cccc",), "2.0"),))


@pytest.mark.parametrize(
    ("name", "until", "code", "words"),
    [
        (None, "2999-01-01", 1, "VULNERABLE: leaky 1.0 CVE-2026-0001, fixed in 2.0"),
        ("CVE-2026-0001", "2999-01-01", 0, "accepted until 2999-01-01: leaky 1.0 CVE-2026-0001 (never called)"),
        ("GHSA-aaaa-bbbb-cccc", "2999-01-01", 0, "never called"),
        ("CVE-2026-0001", "2026-01-01", 1, "which is over"),
        ("CVE-2026-0002", "2999-01-01", 1, "VULNERABLE"),
    ],
)
def test_a_known_vulnerability_fails_unless_it_is_accepted_and_that_still_holds(
    tmp_path: Path, name: str | None, until: str, code: int, words: str
) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(accept(until, name) if name else "", encoding="utf-8")
    ended, lines = judge(FOUND, read_acceptances(file), date(2026, 11, 22))
    assert (ended, words in "\n".join(lines)) == (code, True)


@pytest.mark.parametrize("wrong", [accept("2999-01-01", reason=" "), accept('"soon"'), '[[accepted]]\nid = "x"\n'])
def test_what_is_accepted_needs_a_reason_and_a_last_day(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(SystemExit, match="needs an id, a reason and a date"):
        read_acceptances(file)


def test_what_the_project_accepts_is_whole() -> None:
    assert isinstance(read_acceptances(ACCEPTED), list)


@pytest.mark.slow
def test_a_known_vulnerability_of_an_installed_package_fails_the_check(tmp_path: Path) -> None:
    install(tmp_path / "site", "sound", "leaky")
    with Osv() as service:
        code, said = audit(tmp_path, service.url)
    assert (code, "audited 2 of 2 packages" in said, "VULNERABLE: leaky 1.0" in said) == (1, True, True), said


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 200])
def test_a_service_that_does_not_answer_is_said_to_and_fails_nothing(tmp_path: Path, status: int) -> None:
    install(tmp_path / "site", "leaky")
    with Osv() as service:
        service.fault("status", times=99, status=status, body="<html>a portal</html>")
        code, said = audit(tmp_path, service.url)
    assert (code, "DID NOT RUN" in said) == (0, True), said
