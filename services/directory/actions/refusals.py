"""Keeps the refused requests of provisioning clients, so that an administrator can see them."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.directory.provisioned import Client
from services.directory.store import refusals as store
from shared import logging

_logger = logging.get_logger(__name__)


def record(engine: Engine, *, client: Client, status: int, code: str, detail: str) -> None:
    """Never raises: the client gets its answer in any case."""
    try:
        with engine.begin() as connection:
            store.insert_refusal(connection, client=client, status=status, code=code, detail=detail)
    except SQLAlchemyError as error:
        _logger.warning("a refused request could not be kept", error=type(error).__name__, refusal=code)
