"""Talk HTTP: the one client that all sources share.

Proxies and certificates come from the environment, as `requests` reads them:
``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``; ``REQUESTS_CA_BUNDLE`` or
``CURL_CA_BUNDLE`` name a file of certificates to trust instead of the shipped ones.
"""

from sources.web.answers import Answer
from sources.web.client import Client, Limits

__all__ = ["Answer", "Client", "Limits"]
