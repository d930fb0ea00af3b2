"""Turn the configuration into notifiers: mail, Apprise's services, those of plug-ins.

A plug-in is configured as `[notifiers.NAME]` and made with its `Options`, read from
that table. One that does not load is a warning with its name; the others are told all the same.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

from listener.errors import ConfigError, CredentialsError, PluginError, UsageError, suggest
from listener.plugins import NOTIFIERS, check_kind, find_plugins, is_loadable, load_plugin, make_part

if TYPE_CHECKING:
    from listener.config import Config, MailSettings
    from listener.protocols import Notifier

__all__ = [
    "broken_notifiers",
    "build_notifiers",
    "digest_notifiers",
    "installed_notifiers",
    "mail_problems",
    "notifiers_and_problems",
    "options_of",
    "plugin_notifiers",
]

logger: Final = logging.getLogger(__name__)

_PARTS: Final = ("name", "Options", "send")


def build_notifiers(config: Config) -> tuple[Notifier, ...]:
    """Return where alerts go: one mail notifier a recipient of the digest, one notifier an address of `[notify]`, plug-ins.

    Empty where nothing is configured. Raises ConfigError where the addresses of
    `[notify]` are not at the place that is configured for them, or an option is wrong.
    """
    return (*_mail_notifiers(config), *_apprise_notifiers(config), *plugin_notifiers(config))


def notifiers_and_problems(config: Config) -> tuple[tuple[Notifier, ...], tuple[ConfigError, ...]]:
    """Return where alerts go as far as that can be made, and an error for each kind of way that cannot."""
    notifiers: list[Notifier] = []
    errors: list[ConfigError] = []
    for make in (_mail_notifiers, _apprise_notifiers, plugin_notifiers):
        try:
            notifiers += make(config)
        except ConfigError as error:
            errors.append(error)
    return tuple(notifiers), tuple(errors)


def digest_notifiers(config: Config) -> tuple[Notifier, ...]:
    """Return where digests go: by mail, and to `[notify]` and those of `[notifiers]` whose `digest` is true."""
    more = _apprise_notifiers(config) if config.notify.digest else ()
    return (*_mail_notifiers(config), *more, *plugin_notifiers(config, for_digest=True))


def installed_notifiers() -> tuple[str, ...]:
    """Return the names of the notifiers that plug-ins bring."""
    return tuple(sorted(find_plugins(NOTIFIERS, {})))


def broken_notifiers() -> dict[str, str]:
    """Return the notifiers that do not load, by name, with the sentence that says why."""
    broken = {}
    for name in installed_notifiers():
        try:
            _load(name)
        except PluginError as error:
            broken[name] = str(error)
    return broken


def plugin_notifiers(config: Config, *, for_digest: bool = False) -> tuple[Notifier, ...]:
    """Return the notifiers of plug-ins that are enabled; raises ConfigError naming every option that is wrong."""
    problems: list[str] = []
    made = [
        _build(config, name, problems)
        for name, settings in config.notifiers.items()
        if settings.enabled and (settings.digest or not for_digest)
    ]
    if problems:
        raise ConfigError(problems, where=str(config.path))
    return tuple(notifier for notifier in made if notifier is not None)


def _build(config: Config, name: str, problems: list[str]) -> Notifier | None:
    from listener.logs import hide_secrets

    where = f"notifiers.{name}"
    known = find_plugins(NOTIFIERS, {})
    if name not in known:
        problems.append(f"{where}: no such notifier is installed; {suggest(name, known)}")
        return None
    if not is_loadable(NOTIFIERS, name, lambda: _load(name)):
        return None
    options = options_of(config, name, problems)
    if options is None:
        return None
    hide_secrets(options)
    made: list[Notifier] = []
    is_loadable(NOTIFIERS, name, lambda: made.append(_make(name, options)))
    if not made:
        return None
    from reports.patience import PatientNotifier

    return PatientNotifier(made[0])


def _make(name: str, options: object) -> Notifier:
    """Return a live notifier; raises PluginError where what is made is none."""
    from listener.protocols import Notifier as Interface

    made = make_part(name, lambda: _load(name)(options))
    if not isinstance(made, Interface) or not isinstance(made.destination, str):
        msg = f"plug-in {name} is no notifier: it lacks a destination, in words"
        raise PluginError(msg)
    return made


def options_of(config: Config, name: str, problems: list[str]) -> object | None:
    """Return the options of a plug-in's table `[notifiers.NAME]`; None and further `problems` where they are wrong.

    Raises PluginError where there is no such plug-in.
    """
    from listener.config import NotifierSettings, option_names, read_record

    rest = config.notifiers[name].rest
    return cast(
        "object | None",
        read_record(
            _load(name).Options,
            rest,
            f"notifiers.{name}",
            problems,
            folder=config.path.parent,
            beside=option_names(NotifierSettings),
        ),
    )


def _load(name: str) -> Any:
    kind = load_plugin(NOTIFIERS, name, {})
    check_kind(NOTIFIERS, name, kind, _PARTS)
    return kind


def mail_problems(config: Config) -> list[str]:
    """Return what is wrong with the addresses that mail goes from and to, each with the option it stands in."""
    mail, recipients = config.mail, config.digest.to
    if not mail.host or not recipients:
        return []
    from reports.message import read_address

    bears_more = bool(set(mail.host) & set("/@ \t")) or mail.host.count(":") == 1  # an IPv6 address has more
    if bears_more or not _can_be_looked_up(mail.host):
        return [
            "mail.host: is not the name of a server alone; write one such as smtp.example.com, and its port as port"
        ]
    problems = []
    for option, address in (("mail.sender", _sender(mail)), *(("digest.to", one) for one in recipients)):
        try:
            read_address(address)
        except UsageError as error:
            unsaid = "is not set, and user is no address: " if option == "mail.sender" and not mail.sender else ""
            problems.append(f"{option}: {unsaid}{error}")
    return problems


def _can_be_looked_up(host: str) -> bool:
    """Say whether a name's parts are neither empty nor too long (RFC 1035, 2.3.4)."""
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _sender(mail: MailSettings) -> str:
    """Return the address that mail comes from."""
    return mail.sender or mail.user or f"listener@{mail.host}"


def _mail_notifiers(config: Config) -> tuple[Notifier, ...]:
    if not config.mail.host or not config.digest.to:
        return ()
    from listener.logs import hide_secrets
    from reports.mail import MailNotifier

    mail = config.mail
    hide_secrets(mail)
    return tuple(
        MailNotifier(
            host=mail.host,
            port=mail.port_in_use,
            security=mail.security,
            user=mail.user or None,
            password=mail.password,
            sender=_sender(mail),
            recipients=(recipient,),
        )
        for recipient in config.digest.to
    )


def _apprise_notifiers(config: Config) -> tuple[Notifier, ...]:
    urls = config.notify.urls
    if not urls.env and not urls.file:
        return ()
    from listener.logs import hide
    from reports.notify import AppriseNotifier, split_urls

    try:
        addresses = split_urls(urls.reveal())
    except CredentialsError as error:
        problem = f"notify.urls: {error}; set it, or leave urls_env and urls_file out to notify nobody"
        raise ConfigError([problem], where=str(config.path)) from None
    for address in addresses:
        hide(address)
    return tuple(AppriseNotifier(address) for address in addresses)
