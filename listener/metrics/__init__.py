"""Tell a monitoring system how the daemon is: the Prometheus text format over HTTP.

Written out by hand: the page is one list of gauges read from the store when it is
asked for, which needs forty lines; the client library would bring a registry that
nothing here would use, and 0.1 s of start-up.
"""

from listener.metrics.endpoint import MetricsEndpoint
from listener.metrics.exposition import CONTENT_TYPE, Family, Sample, exposition
from listener.metrics.gathering import gather
from listener.metrics.serving import MetricsServer

__all__ = ["CONTENT_TYPE", "Family", "MetricsEndpoint", "MetricsServer", "Sample", "exposition", "gather"]
