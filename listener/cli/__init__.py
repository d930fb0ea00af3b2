"""List the commands: where each lives, its line of help and its section.

A command's module is imported when the command runs, not before: `listener
--help` reads this table alone.
"""

from typing import Final

__all__ = ["COMMANDS", "SECTIONS"]

SECTIONS: Final = (
    "Start here",
    "Collect",
    "Ask",
    "Tell",
    "Judge",
    "Data",
    "Set-up",
)
"""The sections of the help, in the order they are printed."""

COMMANDS: Final[dict[str, tuple[str, str, str]]] = {
    "demo": ("listener.cli.demoing:demo", "Run the whole job with no key and no network.", "Start here"),
    "init": ("listener.cli.configuring:init", "Write a commented starter configuration.", "Start here"),
    "check": ("listener.cli.checking:check", "Look over configuration, keys, store and mail.", "Start here"),
    "explain": ("listener.cli.explaining:explain", "Show what each source is asked for a brand.", "Start here"),
    "collect": ("listener.cli.collecting:collect", "Read every enabled source once.", "Collect"),
    "recheck": ("listener.cli.rechecking:recheck", "Look again at mentions: edits and deletions.", "Collect"),
    "run": ("listener.cli.serving:run", "Serve: collect, watch and tell on schedule.", "Collect"),
    "status": ("listener.cli.states:status", "Show runs, coverage, gaps, outbox and daemon.", "Collect"),
    "trend": ("listener.cli.trending:trend", "Show how mentions and their feeling went.", "Ask"),
    "share": ("listener.cli.trending:share", "Show the share of voice.", "Ask"),
    "mentions": ("listener.cli.mentioning:mentions", "Show the mentions themselves.", "Ask"),
    "terms": ("listener.cli.wording:terms", "Show what is said now and was not before.", "Ask"),
    "top": ("listener.cli.topping:top", "Show the top hashtags, links and authors.", "Ask"),
    "themes": ("listener.cli.theming:themes", "Show what recurs: pain points and praise.", "Ask"),
    "compare": ("listener.cli.comparing:compare", "Put two brands side by side.", "Ask"),
    "chart": ("listener.cli.charting:chart", "Draw one chart into a file.", "Ask"),
    "alerts": ("listener.cli.alerting:alerts", "List, show, acknowledge, snooze, test alerts.", "Tell"),
    "digest": ("listener.cli.digesting:digest", "Show, preview or send the digest.", "Tell"),
    "report": ("listener.cli.presenting:report", "Write one page about a brand: HTML or PDF.", "Tell"),
    "score": ("listener.cli.streaming:score", "Add the sentiment to lines of mention JSONL.", "Judge"),
    "match": ("listener.cli.streaming:match", "Keep the lines that satisfy an expression.", "Judge"),
    "label": ("listener.cli.labelling:label", "Say how a mention feels; counts before any scorer.", "Judge"),
    "evaluate": ("listener.cli.evaluating:evaluate", "Measure the scorers on labelled texts.", "Judge"),
    "train": ("listener.cli.training:train", "Learn from one's own labels, where that is better.", "Judge"),
    "ruleset": ("listener.cli.rulesetting:ruleset", "Word rules of a brand: what labels ask for.", "Judge"),
    "rematch": ("listener.cli.replaying:rematch", "Match the stored history with the present queries.", "Judge"),
    "rescore": ("listener.cli.replaying:rescore", "Score the stored history with the present scorers.", "Judge"),
    "import": ("listener.cli.moving:import_", "Take in mentions from a file.", "Data"),
    "export": ("listener.cli.moving:export", "Write stored mentions to a file.", "Data"),
    "backup": ("listener.cli.keeping:backup", "Copy the store while it is in use.", "Data"),
    "forget": ("listener.cli.keeping:forget", "Erase a mention, or an author with all they wrote.", "Data"),
    "purge": ("listener.cli.keeping:purge", "Erase texts that are older than you keep them.", "Data"),
    "sources": ("listener.cli.states:sources", "List the sources: key, cost, what they see.", "Set-up"),
    "config": ("listener.cli.configuring:config", "Show the settings, or a sample of all of them.", "Set-up"),
    "doctor": ("listener.cli.doctoring:doctor", "Examine installation, store and machine.", "Set-up"),
}
"""Name -> ("module:attribute", one line of help, section)."""
