"""Simulate GDELT's DOC 2.0 article list: its query rules, 250 articles a call, errors as text with status 200."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from servers.web import Answer, Request, SimulatedServer

MOST = 250
HORIZON = timedelta(days=92)
HASTE = "Please limit requests to one every 5 seconds or contact the maintainers for larger queries."
NO_DATE = "Invalid query start date."
LENGTH = "Your query was too short or too long."
CLAUSE = "One or more of your parenthetical clauses had an error in it."
BARE_OR = "Queries containing OR'd terms must be surrounded by ()."
NO_OR = "Parentheses may only be used around OR'd statements."
PHRASE = "The specified phrase is too short."
KEYWORD = "One or more of your keywords were too short, too long or too common: ({}:0)"
TERM = re.compile(r'"[^"]*"|[^\s()"]+')
GROUP = re.compile(r'\(([^()]*)\)|("[^"]*"|[^\s()]+)')


class RefusedError(Exception):
    """Say why a query is refused, in the service's words."""


@dataclass(frozen=True, kw_only=True)
class Article:
    """Hold one article: what is told of it, and the body that is only searched."""

    url: str
    title: str
    seen_at: datetime
    body: str = ""
    language: str = "English"
    country: str = "United States"
    url_mobile: str = ""

    def fields(self) -> dict[str, str]:
        """Return what the list tells; the title with blanks round its punctuation."""
        return {
            "url": self.url,
            "url_mobile": self.url_mobile,
            "title": " ".join(re.findall(r"[^\W_]+|[^\w\s]", self.title)),
            "seendate": f"{self.seen_at:%Y%m%dT%H%M%SZ}",
            "socialimage": "",
            "domain": self.url.split("/")[2].removeprefix("www."),
            "language": self.language,
            "sourcecountry": self.country,
        }


class Gdelt(SimulatedServer):
    """Serve `articles`; times further back than three months before `now` are refused."""

    def __init__(self, articles: list[Article], *, now: datetime) -> None:
        super().__init__()
        self.articles = articles
        self.now = now
        self.clock = lambda: max(time.time(), self.now.timestamp())

    def route(self, request: Request) -> Answer:
        if request.path != "/api/v2/doc/doc" or request.param("mode").lower() != "artlist":
            return Answer.text("Invalid mode.", kind="text/html")
        try:
            query = read_query(request.param("query"))
            start, end = (_time(request.param(name)) for name in ("startdatetime", "enddatetime"))
        except RefusedError as refused:
            return Answer.text(str(refused), kind="text/html")
        if start < self.now - HORIZON:
            return Answer.text("Start date must be within the last 3 months.", kind="text/html")
        if end - start < timedelta(minutes=15) - timedelta(seconds=1):
            return Answer.text("Timespan is too short.", kind="text/html")
        found = [one for one in self.articles if start <= one.seen_at <= end and fits(query, one)]
        found.sort(key=lambda one: (one.seen_at, one.url), reverse=request.param("sort") == "datedesc")
        shown = [] if request.empty_page else found[: min(MOST, int(request.param("maxrecords", "75")))]
        body = json.dumps({"articles": [one.fields() for one in shown]} if shown else {}, ensure_ascii=False)
        return Answer(body=body.encode(), headers={"Content-Type": "application/json; charset=utf-8"})


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError(NO_DATE) from None


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def read_query(text: str) -> list[list[list[str]]]:
    """Return the groups of a query, all of which must be met, each as alternatives of words in a row."""
    if not 3 <= len(text) <= 250:
        raise RefusedError(LENGTH)
    if GROUP.sub("", text).strip():
        raise RefusedError(CLAUSE)
    groups = []
    for clause, term in GROUP.findall(text):
        alternatives = re.split(r"\s+OR\s+", clause.strip()) if clause else [term]
        if term == "OR":
            raise RefusedError(BARE_OR)
        if clause and (len(alternatives) < 2 or not all(TERM.fullmatch(one) for one in alternatives)):
            raise RefusedError(NO_OR)
        groups.append([_term(one) for one in alternatives])
    return groups


def _term(token: str) -> list[str]:
    words = tokens(token)
    if token.startswith('"') and len(" ".join(words)) < 4:
        raise RefusedError(PHRASE)
    if not token.startswith('"') and len(token) < 3 and token.isascii():
        raise RefusedError(KEYWORD.format(token))
    return words


def fits(query: list[list[list[str]]], article: Article) -> bool:
    """Say whether an article holds one term of each group."""
    words = tokens(f"{article.title}\n{article.body}")
    return all(any(_occurs(term, words) for term in group) for group in query)


def _occurs(term: list[str], words: list[str]) -> bool:
    return any(words[at : at + len(term)] == term for at in range(len(words) - len(term) + 1))
