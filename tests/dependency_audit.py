"""Look the installed packages up among known vulnerabilities: ``python tests/dependency_audit.py``.

pip-audit asks a public service (PyPI's, else OSV). Where neither answers, this says that
nothing was audited and goes on: a check must not fail for want of a network. A known
vulnerability fails, unless `tests/accepted-vulnerabilities.toml` accepts it:

    [[accepted]]
    id = "GHSA-aaaa-bbbb-cccc"          # or one of its aliases
    reason = "the code in question is never called: ..."
    until = 2027-01-31                  # from this day on it fails again
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

ACCEPTED = Path(__file__).with_name("accepted-vulnerabilities.toml")
PATIENCE_SECONDS = 90
"""For one service; it is asked once a package."""
FEWEST_AUDITED = 0.5
"""A service that knows less than this share of the packages is no service of vulnerabilities, but a mirror."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a service said: packages it knows, all packages, and (package, id, aliases, fixed in) of vulnerabilities."""

    audited: int
    total: int
    found: tuple[tuple[str, str, tuple[str, ...], str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A vulnerability that somebody decided to live with, and until when."""

    id: str
    reason: str
    until: date


def read_acceptances(file: Path) -> list[Acceptance]:
    """Return the vulnerabilities that are accepted; raises SystemExit naming an entry that is not whole."""
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("accepted", []) if file.exists() else []
    accepted = []
    for entry in entries:
        name, reason, until = entry.get("id"), str(entry.get("reason", "")).strip(), entry.get("until")
        if not name or not reason or type(until) is not date:
            sys.exit(f"{file.name}: an entry needs an id, a reason and a date `until`: {entry}")
        accepted.append(Acceptance(id=name, reason=reason, until=until))
    return accepted


def ask(command: list[str]) -> Report | str:
    """Run pip-audit; return what it found, or the sentence that says why it found nothing out."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"the service did not answer within {PATIENCE_SECONDS} s"
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = done.stderr.strip().splitlines()
        return lines[-1][:300] if lines else f"pip-audit ended with {done.returncode} and said nothing"
    known = [one for one in packages if "skip_reason" not in one]
    found = [
        (f"{one['name']} {one['version']}", each["id"], tuple(each.get("aliases", ())), ", ".join(each["fix_versions"]))
        for one in known
        for each in one["vulns"]
    ]
    return Report(audited=len(known), total=len(packages), found=tuple(found))


def judge(report: Report, accepted: list[Acceptance], today: date) -> tuple[int, list[str]]:
    """Return the exit code and what to print."""
    lines = [f"audited {report.audited} of {report.total} packages"]
    standing = {one.id: one for one in accepted if today < one.until}
    lines += [f"accepted until {one.until}, which is over: {one.id}" for one in accepted if today >= one.until]
    failing = 0
    for package, name, aliases, fixed in report.found:
        acceptance = next((standing[one] for one in (name, *aliases) if one in standing), None)
        if acceptance is not None:
            lines.append(f"accepted until {acceptance.until}: {package} {name} ({acceptance.reason})")
            continue
        failing += 1
        lines.append(f"VULNERABLE: {package} {name}, fixed in {fixed or 'no version yet'}")
    return (1 if failing else 0), lines


def main(arguments: list[str] | None = None) -> int:
    """Audit; 0 where nothing is wrong or nothing could be found out, 1 where something is."""
    parser = argparse.ArgumentParser(description="Look the installed packages up among known vulnerabilities.")
    parser.add_argument("--path", action="append", default=[], help="a folder of installed packages")
    parser.add_argument("--osv-url", default=None, help="ask this service alone")
    parser.add_argument("--accepted", type=Path, default=ACCEPTED, help="the file of what is accepted")
    told = parser.parse_args(arguments)
    accepted = read_acceptances(told.accepted)
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--skip-editable", "--progress-spinner", "off"]
    command += ["--timeout", "10", "--aliases", "on", "--desc", "off"]
    command += [word for path in told.path for word in ("--path", path)] or ["--local"]
    services = [["osv", "--osv-url", told.osv_url]] if told.osv_url else [["pypi"], ["osv"]]
    reasons = []
    for service in services:
        report = ask([*command, "--vulnerability-service", *service])
        if isinstance(report, Report) and report.audited >= max(1, FEWEST_AUDITED * report.total):
            code, lines = judge(report, accepted, datetime.now(UTC).date())
            sys.stdout.writelines(f"dependency audit: {line}\n" for line in lines)
            return code
        reasons.append(
            f"{service[0]}: "
            + (report if isinstance(report, str) else f"it knows {report.audited} of {report.total} packages")
        )
    why = "; ".join(reasons)
    sys.stdout.write(f"dependency audit: DID NOT RUN, nothing is known about vulnerabilities ({why})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
