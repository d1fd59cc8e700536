"""Entry file of a worker of the next release: `celery -A drills.releases.newer worker`."""

import importlib

from drills import releases
from shared import contracts

releases.become(contracts.VERSION + 1)
app = importlib.import_module("services.fanout_worker.worker").app
