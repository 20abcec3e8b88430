"""The Python client of a running service; installed, it is `from diglot import Client`."""

from service.article import Article
from service.client.client import Client
from service.client.client_errors import ClientError, NoAnswer, ServiceProblem

__all__ = ["Article", "Client", "ClientError", "NoAnswer", "ServiceProblem"]
