"""Declare the options of `[sentiment.llm]`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from listener.api import Secret, option
from sentiment.addresses import checked_address

__all__ = ["LlmOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmOptions:
    """Say which language model is asked, how, and what it may cost."""

    base_url: str = option(
        "Address of an OpenAI-compatible service, up to /v1; plain http is for this machine alone.",
        default="http://127.0.0.1:11434/v1",
        example="https://llm.example.com/v1",
    )
    model: str = option("Name of the model, as the service has it.", default="llama3.2")
    api_key: Secret = option(  # noqa: RUF009 - a frozen record
        "Key of the service; a local one needs none.", default=Secret(), example="LISTENER_LLM_KEY"
    )
    languages: tuple[str, ...] = option(
        "Languages it is asked about, as BCP 47 tags; empty: every one it is chosen for.",
        default=(),
        example=("th", "vi"),
    )
    batch: int = option("Texts in one request.", default=10, minimum=1, maximum=50)
    longest: int = option("Characters of a text that are sent.", default=1_500, minimum=100, maximum=20_000)
    timeout: timedelta = option(  # noqa: RUF009 - a frozen record
        "How long one request may take.", default=timedelta(seconds=60), minimum=1, maximum=600
    )
    requests_a_day: int = option("Requests a day (UTC) at most.", default=500, minimum=0)
    tokens_a_day: int = option("Tokens a day, sent and received, at most.", default=1_000_000, minimum=0)
    usd_a_day: float | None = option(
        "US dollars a day at most; needs the prices.", default=None, minimum=0.0, example=1.0
    )
    usd_per_million_sent: float | None = option(
        "Price of a million tokens sent, in US dollars.", default=None, minimum=0.0, example=0.15
    )
    usd_per_million_received: float | None = option(
        "Price of a million tokens received, in US dollars.", default=None, minimum=0.0, example=0.6
    )
    remembered: int = option(
        "Answers kept, so that none is paid for twice; the oldest ones go first.", default=100_000, minimum=1_000
    )
    answer_format: str = option(
        "How the service is asked for JSON: by a schema, by the word, or not at all.",
        default="json_schema",
        choices=("json_schema", "json_object", "none"),
    )
    limit_field: str = option(
        "What the service calls the limit of an answer.",
        default="max_tokens",
        choices=("max_tokens", "max_completion_tokens"),
    )
    send_temperature: bool = option("Ask for temperature 0; some models refuse it.", default=True)

    def __post_init__(self) -> None:
        """Raise ValueError where the options do not go together."""
        if not self.model.strip():
            msg = "model: name the model that is to be asked"
            raise ValueError(msg)
        parts = checked_address(
            "base_url",
            self.base_url,
            schemes="https:// (or http:// on this machine)",
            instead="name a key as api_key_env",
        )
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            msg = f"base_url: {parts.hostname} is not this machine; write https"
            raise ValueError(msg)
        prices = (self.usd_per_million_sent, self.usd_per_million_received)
        if self.usd_a_day is not None and None in prices:
            msg = "usd_a_day: needs usd_per_million_sent and usd_per_million_received"
            raise ValueError(msg)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
