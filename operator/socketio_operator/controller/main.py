"""The process around the operator: event loop, exit codes and errors in words."""

import asyncio
import logging

import aiohttp
from kubernetes.aio.config import ConfigException

from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.operator import run
from socketio_operator.controller.settings import Settings

logger = logging.getLogger(__name__)


def run_operator(settings: Settings) -> int:
    """Runs until a signal. Returns 0 after a signal, 1 if it could not run or a part of it died."""
    try:
        asyncio.run(run(settings))
    except ConfigException as error:
        text = str(error).rstrip(".")
        logger.error("No way to reach an API server: %s. Outside a cluster give --kubeconfig FILE.", text)
        return 1
    except (ApiError, aiohttp.ClientError, OSError) as error:
        logger.error("The API server cannot be used: %s", error)
        return 1
    except ExceptionGroup:
        logger.exception("A part of the operator died")
        return 1
    return 0
