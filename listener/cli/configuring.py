"""Write a starter configuration, show the settings, print the sample of all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import App, config_option, examples, now_option, pass_app, unread_config_option
from listener.cli.files import replacing, write_new
from listener.cli.notes import tell
from listener.errors import ListenerError, UsageError
from listener.parts import refusal

if TYPE_CHECKING:
    from listener.config import Config

__all__ = ["config", "init"]

_TABLES: Final = ("journey", "responses", "digest", "mail", "notify", "log", "metrics")

STARTER: Final = """\
# What listener listens for. "listener config sample" shows every option there is.
# Next: "listener check" tells whether all is well, "listener collect" makes a first pass,
# "listener trend {shell_name}" shows what came in, "listener run" goes on for ever.

[listener]
# The store, an SQLite file beside this one.
database = "listener.db"
# Zone in which days begin; without it the zone of this machine.
# time_zone = "Europe/Berlin"

# Your own brand. Without keywords, its name is what is looked for.
[[brands]]
name = {name}
kind = "own"
# keywords = ["Acme", "Acme Rockets"]
# hashtags = ["acme"]
# A text with one of these is about something else:
# exclude = ["acme thread"]
# For a name that is also a word: a text must hold one of these too.
# context = ["rocket", "launch"]

# A competitor, for "listener share"; one such table each.
# [[brands]]
# name = "Globex"
# kind = "competitor"

# Sources that need no key. The first collection looks back one day.
[sources.hackernews]
enabled = true
every = "15m"

[sources.rss]
enabled = true
every = "30m"
# Search Google News for each brand; add feeds of your own.
google_news = true
# feeds = ["https://example.com/feed.xml"]

# Posts with the brand's hashtags, as far as they reach these instances.
[sources.mastodon]
enabled = true
every = "15m"
instances = ["mastodon.social", "mstdn.social"]

# The stream of all public posts, sieved here for the brands; servers keep 36 hours of it.
[sources.bluesky]
enabled = true
every = "10m"

[sources.lemmy]
enabled = true
every = "20m"
instances = ["lemmy.world"]

# More without a key; listen where your brand is talked about. "docs/sources.md" says what each can see.
# [sources.stackexchange]
# sites = ["stackoverflow", "superuser"]
#
# [sources.github]
# include_pull_requests = false
#
# [sources.discourse]
# instances = ["forum.example.org"]
#
# News of the world in 65 languages, by the titles of articles.
# [sources.gdelt]
# every = "1h"
#
# Reviews of an app of yours, all of them this brand's.
# [sources.appstore]
# [[sources.appstore.apps]]
# id = "1234567890"
# brand = {name}
# countries = ["us", "in"]
#
# Answers to your own surveys: nps, csat or ces, from CSV or JSON Lines files.
# [sources.survey]
# [[sources.survey.surveys]]
# brand = {name}
# instrument = "nps"
# paths = ["surveys/nps-*.csv"]
#
# A part of Reddit, by its public feeds; the rest needs a key.
# [sources.reddit]
# mode = "feed"
# every = "30m"
# user_agent = "script:acme-listening:1.0 (by /u/acme_insights)"

# Sources that need a key: the key stays in an environment variable, named here.
# [sources.x]
# bearer_token_env = "X_BEARER_TOKEN"
#
# 100 searches a day; texts are kept for 30 days.
# [sources.youtube]
# api_key_env = "YOUTUBE_API_KEY"
#
# [sources.reddit]
# client_id_env = "REDDIT_CLIENT_ID"
# client_secret_env = "REDDIT_CLIENT_SECRET"
# subreddits = ["example"]

# A summary by mail each morning, and alerts when something happens.
# [digest]
# at = "08:00"
# to = ["team@example.com"]
#
# [mail]
# host = "smtp.example.com"
# security = "starttls"
# user = "listener@example.com"
# password_env = "LISTENER_MAIL_PASSWORD"
"""


@click.command(epilog=examples('listener init --brand "Acme"', "listener init ~/listening/config.toml"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--brand", default="Acme", metavar="NAME", help="The brand to listen for; can be changed in the file.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option(
    "--config",
    "named",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The same as FILE: so do the other commands name it.",
)
def init(file: Path | None, brand: str, force: bool, named: Path | None) -> None:
    """Write a commented starter configuration to FILE (default: config.toml), never asking anything."""
    import shlex

    from listener.config.sample import toml_value

    if file is not None and named is not None and file != named:
        msg = f"{file} and --config {named}: name one file"
        raise UsageError(msg)
    file = file or named or Path("config.toml")
    name = brand.strip()
    if not name or not name.isprintable():
        msg = "--brand: write the name as people read it, on one line"
        raise UsageError(msg)
    text = STARTER.replace("{name}", toml_value(name)).replace("{shell_name}", shlex.quote(name))
    _write_private(file, text, is_replacing=force)
    tell(f'{file} is written; "listener check --config {shlex.quote(str(file))}" looks it over')


@click.group(epilog=examples("listener config show", "listener config sample > config.toml"))
def config() -> None:
    """Show the settings, or a sample of all of them."""


@config.command(epilog=examples("listener config sample > config.toml"))
@unread_config_option
def sample() -> None:
    """Print a configuration with every table and every option, commented."""
    from listener import wiring

    click.echo(wiring.sample(), nl=False)


@config.command(epilog=examples("listener config show"))
@config_option
@now_option
@pass_app
def show(app: App) -> None:
    """Print what is set and what holds by default; of secrets only where they live."""
    from listener import wiring
    from listener.cli.width import neutralise
    from listener.config.sample import show_record
    from listener.logs import redact

    settings = app.validate()
    blocks = [f"# {neutralise(str(settings.path))}", show_record("listener", settings.listener)]
    blocks.extend(show_record("brands", brand, is_list=True) for brand in settings.brands)
    blocks.extend(_show_source(settings, name) for name in settings.sources)
    blocks.append(_show_sentiment(settings))
    alerts, rules = wiring.read_alert_options(settings)
    blocks.append(show_record("alerts", alerts))
    blocks.extend(show_record("alerts.rules", rule, is_list=True) for rule in rules)
    blocks.extend(show_record(name, getattr(settings, name)) for name in _TABLES)
    blocks.extend(_show_notifier(settings, name) for name in settings.notifiers)
    click.echo(redact("\n\n".join(blocks)))


def _show_source(settings: Config, name: str) -> str:
    """Return the table of one source: the kernel's options, then its own."""
    from listener import wiring
    from listener.config import read_record
    from listener.config.sample import show_record
    from listener.wiring.terms import source_of_mentions

    facts = wiring.source_class(name).facts
    written = settings.sources[name]
    source = replace(
        written,
        every=written.every or facts.every,
        lookback=written.lookback or facts.lookback,
        retention=wiring.retention_of(settings).of(source_of_mentions(settings, name) or ""),
    )
    folder = settings.path.parent
    own = read_record(wiring.source_class(name).Options, source.rest, f"sources.{name}", [], folder=folder)
    return show_record(f"sources.{name}", source, own)


def _show_notifier(settings: Config, name: str) -> str:
    """Return the table of a plug-in that news go out by."""
    from listener import notifying
    from listener.config.sample import show_record

    return show_record(f"notifiers.{name}", settings.notifiers[name], notifying.options_of(settings, name, []))


def _show_sentiment(settings: Config) -> str:
    """Return the table of the sentiment stage, and those of the scorers that it names."""
    from listener import scoring
    from listener.config.sample import show_record

    options, named = scoring.read_sentiment(settings.sentiment, [], folder=settings.path.parent)
    blocks = [show_record("sentiment", options)]
    blocks += [show_record(f"sentiment.{name}", own) for name, own in named.items() if own is not None]
    return "\n\n".join(blocks)


def _write_private(file: Path, text: str, *, is_replacing: bool) -> None:
    """Write a file only its owner may read; raises ListenerError where that is not possible."""
    try:
        if not is_replacing:
            write_new(file, text.encode())
            return
        with replacing(file) as place:
            place.touch(0o600)
            place.chmod(0o600)
            place.write_text(text, encoding="utf-8")
    except FileExistsError:
        msg = f"{file} is there already; --force replaces it"
        raise UsageError(msg) from None
    except OSError as error:
        raise ListenerError(refusal(file, error)) from None
