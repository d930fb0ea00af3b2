"""Read the configuration file into frozen records, all problems at once.

`records` holds the tables the kernel knows, `reader` turns any table into any
options record, `loading` finds and reads the file, `sample` writes the sample
file and the reference from the same declarations.
"""

from listener.config.loading import VARIABLE, find_config, load_config, places
from listener.config.reader import option_names, read_record
from listener.config.records import (
    Brand,
    Config,
    DigestSettings,
    JourneySettings,
    ListenerSettings,
    LogSettings,
    MailSettings,
    MetricsSettings,
    NotifierSettings,
    NotifySettings,
    ResponseSettings,
    SourceSettings,
)

__all__ = [
    "VARIABLE",
    "Brand",
    "Config",
    "DigestSettings",
    "JourneySettings",
    "ListenerSettings",
    "LogSettings",
    "MailSettings",
    "MetricsSettings",
    "NotifierSettings",
    "NotifySettings",
    "ResponseSettings",
    "SourceSettings",
    "find_config",
    "load_config",
    "option_names",
    "places",
    "read_record",
]
