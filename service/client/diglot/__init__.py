"""Diglot's Python client: `from diglot import Client`. The types of the answers are here too."""

from service.client import Article, Client, ClientError, NoAnswer, ServiceProblem
from service.result import Result, Stance
from service.tasks import Draft

__all__ = [
    "Article",
    "Client",
    "ClientError",
    "Draft",
    "NoAnswer",
    "Result",
    "ServiceProblem",
    "Stance",
]
