"""Ask Reddit through praw, without its waiting, its retries and its files.

What praw and prawcore would do between the lines (sleep up to ten minutes by
the rate limits, try again with pauses, read a praw.ini of the working folder,
ask PyPI for updates) is taken from them; every failure is a SourceError.
"""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import praw
import praw.config
import praw.exceptions
import prawcore
import requests

from listener.errors import (
    CredentialsError,
    ForbiddenError,
    ListenerError,
    NotFoundError,
    RateLimitedError,
    RejectedQueryError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageError,
)
from sources.adapter import BoundedAdapter, Limits, checked_base_url, header_safe, retry_after
from sources.text import as_object, clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from listener.options import Secret
    from listener.protocols import StopSignal

__all__ = ["RedditClient", "checked_user_agent"]

_SITE: Final = "https://www.reddit.com"
_API: Final = "https://oauth.reddit.com"
_TOKEN_PATH: Final = "/api/v1/access_token"  # noqa: S105 - a path
_RATE_HEADERS: Final = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset")


class _TokenRefusedError(CredentialsError):
    """Report that an access token, not the app, is refused: it may have been withdrawn."""


@dataclass(slots=True)
class _Allowance:
    """The calls that Reddit said are left, until when."""

    remaining: float | None = None
    reset_at: datetime | None = None


class RedditClient:
    """Read listings of Reddit with an app's own credentials, one request a call.

    `user_agent` is what requests call themselves, empty for a name of the
    program. Raises UsageError for one that no header can hold, and for a
    `base_url` that secrets must not be sent to.
    """

    def __init__(
        self,
        *,
        client_id: Secret,
        client_secret: Secret,
        user_agent: str,
        base_url: str,
        now: Callable[[], datetime],
        limits: Limits | None,
        stop: StopSignal | None,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._user_agent = checked_user_agent(user_agent)
        self._base_url = checked_base_url(base_url, option="sources.reddit.base_url") if base_url else None
        self._adapter = BoundedAdapter("Reddit", judge=self._judge, limits=limits, stop=stop)
        self._now = now
        self._allowance = _Allowance()
        self._client: praw.Reddit | None = None
        self._session: requests.Session | None = None
        self._credentials = ("", "")

    @property
    def calls_left(self) -> float | None:
        """Return how many calls Reddit said are left in its period; None where it did not."""
        return self._allowance.remaining

    @property
    def calls_made(self) -> int:
        """Return how many requests were sent, those for access among them."""
        return self._adapter.requests

    def get(self, path: str, parameters: dict[str, str | int]) -> Mapping[str, object]:
        """Return the listing at a path, asked once more where the access token was withdrawn."""
        try:
            answer = self._get_once(path, parameters)
        except _TokenRefusedError:
            self.close()
            answer = self._get_once(path, parameters)
        if not isinstance(answer, dict) or answer.get("kind") != "Listing" or "data" not in answer:
            msg = f"Reddit answered {path} with something that is not a listing; this program does not know that shape"
            raise UnexpectedAnswerError(msg)
        return answer

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()
        self._client = self._session = None

    def _get_once(self, path: str, parameters: dict[str, str | int]) -> object:
        """Send one request through praw, as JSON: its objects fetch what they lack, and fail on odd values."""
        client = self._connect()
        left, reset_at = self._allowance.remaining, self._allowance.reset_at
        if left is not None and left < 1 and reset_at is not None and reset_at > self._now():
            msg = "the calls Reddit allows in this period are used up; the next pass goes on where this one stopped"
            raise RateLimitedError(msg, retry_at=reset_at)
        try:
            answer: object = client.request(method="GET", path=path.lstrip("/"), params=parameters)
        except prawcore.RequestException as error:  # praw wraps what the adapter raised
            if isinstance(error.original_exception, ListenerError):
                raise error.original_exception from None
            msg = "a request to Reddit could not be sent; check sources.reddit.user_agent and base_url"
            raise UnavailableError(msg) from None
        except prawcore.OAuthException:
            raise self._refused() from None
        except (prawcore.PrawcoreException, praw.exceptions.PRAWException, ValueError, RecursionError):
            msg = "Reddit answered with something that is not JSON, or is cut; the next pass tries again"
            raise UnavailableError(msg) from None
        except (KeyError, TypeError, AttributeError):  # praw reads the token's answer as it comes
            msg = "Reddit granted access in a shape this program does not know"
            raise UnexpectedAnswerError(msg) from None
        return answer

    def _connect(self) -> praw.Reddit:
        """Return the client, made anew where the credentials have changed."""
        credentials = (self._revealed(self._client_id), self._revealed(self._client_secret))
        if self._client is not None and credentials == self._credentials:
            return self._client
        self.close()
        _ignore_praw_ini()
        self._session = requests.Session()
        self._adapter.serve(self._session, "https://", "http://")
        self._credentials = credentials
        self._client = praw.Reddit(
            "DEFAULT",  # or the environment variable praw_site would choose
            client_id=credentials[0],
            client_secret=credentials[1],
            user_agent=self._user_agent,
            reddit_url=self._base_url or _SITE,
            oauth_url=f"{self._base_url or _API}/",  # with the slash, a path of its own is kept
            username=None,
            password=None,
            refresh_token=None,
            redirect_uri=None,
            check_for_updates=False,
            check_for_async=False,
            requestor_kwargs={"session": self._session},
        )
        return self._client

    def _revealed(self, secret: Secret) -> str:
        value = secret.reveal()
        if not header_safe(value):
            msg = f"the Reddit credential in {secret.places} has characters none has; copy it anew"
            raise CredentialsError(msg)
        return value

    def _judge(self, answer: requests.Response) -> None:
        """Raise what an answer amounts to, and take its rate limits before praw would wait for them."""
        self._note_limits(answer)
        status = answer.status_code
        if 200 <= status < 300:  # noqa: PLR2004 - the classes of HTTP
            return
        said = self._said(answer)
        path = urlsplit(answer.url or "").path
        if path.endswith(_TOKEN_PATH) and status in {400, 401, 403}:
            raise self._refused(said)
        if status == 401:  # noqa: PLR2004
            msg = f"Reddit refuses the access it granted{said}; check {self._client_id.places}"
            raise _TokenRefusedError(msg)
        if status == 429:  # noqa: PLR2004
            msg = f"Reddit asks to slow down{said}; the next pass goes on where this one stopped"
            raise RateLimitedError(msg, retry_at=self._retry_at(answer))
        if status >= 500 or status in {408, 425}:  # noqa: PLR2004
            msg = f"Reddit is out of order ({status}){said}; the next pass tries again"
            raise UnavailableError(msg, retry_at=self._retry_at(answer))
        self._judge_rest(answer, path, said)

    def _judge_rest(self, answer: requests.Response, path: str, said: str) -> None:
        status = answer.status_code
        if status in {400, 413, 414, 422}:
            msg = f"Reddit refuses the query{said}; change the brand's query"
            raise RejectedQueryError(msg)
        if status in {403, 451}:
            msg = f"Reddit does not let this app read {path}{said}; a subreddit there may be private or quarantined"
            raise ForbiddenError(msg)
        if status in {404, 410} or (status == 302 and "search" in answer.headers.get("location", "")):  # noqa: PLR2004
            msg = f"Reddit has no {path}{said}; check the names in sources.reddit.subreddits"
            raise NotFoundError(msg)
        msg = f"Reddit answered with status {status}, which is not known of {path}{said}; check sources.reddit.base_url"
        raise UnexpectedAnswerError(msg)

    def _note_limits(self, answer: requests.Response) -> None:
        """Keep the rate limits of an answer and take them out of it.

        prawcore would sleep for up to ten minutes by them, and fail on fractions.
        """
        remaining, _, reset = (answer.headers.pop(name, None) for name in _RATE_HEADERS)
        headers = {"x-ratelimit-reset": reset} if reset is not None else {}
        named = retry_after(headers, now=self._now(), reset_header="x-ratelimit-reset", counts_down=True)
        self._allowance.reset_at = named
        try:
            left = float(remaining) if remaining is not None and remaining.strip() else None
        except ValueError:
            left = None
        self._allowance.remaining = left

    def _retry_at(self, answer: requests.Response) -> datetime | None:
        named = retry_after(answer.headers, now=self._now(), reset_header="x-ratelimit-reset", counts_down=True)
        return self._allowance.reset_at or named

    def _refused(self, said: str = "") -> CredentialsError:
        places = f"{self._client_id.places} and {self._client_secret.places}"
        return CredentialsError(f"Reddit refuses the app's id or secret{said}; check {places}")

    def _said(self, answer: requests.Response) -> str:
        """Return Reddit's own words as a part of a sentence, without the credentials, whatever was sent back."""
        try:
            problem = as_object(answer.json())
        except (ValueError, RecursionError):
            problem = {}
        words = (problem.get("reason"), problem.get("message"), problem.get("error"))
        said = next((word for word in words if isinstance(word, str) and word.strip()), "")
        token = (answer.request.headers.get("Authorization") or "").partition(" ")[2]
        for secret in (*self._credentials, token):
            said = said.replace(secret, "[secret]") if secret else said
        return f' ("{clean_line(said, limit=200).rstrip(".")}")' if said else ""


def checked_user_agent(user_agent: str) -> str:
    """Return what requests call themselves; raises UsageError where no header can hold it."""
    named = user_agent.strip() or f"script:social-listener:{version('social-listener')} (self-hosted)"
    if len(named) < prawcore.Requestor.MIN_USER_AGENT_LENGTH or not (named.isascii() and named.isprintable()):
        msg = "sources.reddit.user_agent: write plain text such as script:acme-listening:1.0 (by /u/acme_insights)"
        raise UsageError(msg)
    return named


def _ignore_praw_ini() -> None:
    """Have praw read its own defaults only: a praw.ini in the working folder could send secrets elsewhere."""
    with praw.config.Config.LOCK:
        defaults: Any = configparser.ConfigParser(interpolation=None)
        defaults.read_string(files("praw").joinpath("praw.ini").read_text(encoding="utf-8"))
        praw.config.Config.CONFIG = defaults
