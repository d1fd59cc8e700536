"""PostgreSQL takes no writes for a while: its setting is switched, or it starts as a standby that is promoted later."""

import contextlib
import signal

from drills import database, platforms
from drills.hub import APIS, POSTGRES
from drills.processes import has_come
from drills.scenario import Scenario

_INVARIANT = "read-only is 503, and passes"
_SETTING = "default_transaction_read_only"
_RELOAD = "SELECT pg_reload_conf()"


def drill(scenario: Scenario) -> None:
    scenario.inject(setting_switched, standby_promoted, most=4.0)


def setting_switched(scenario: Scenario) -> None:
    """Sessions stay open and turn read-only; those that are opened meanwhile would be read-only too."""
    with contextlib.ExitStack() as after:
        after.callback(database.administer, scenario.engine, f"ALTER SYSTEM RESET {_SETTING}", _RELOAD)
        database.administer(scenario.engine, f"ALTER SYSTEM SET {_SETTING} = on", _RELOAD)
        _check_refused(scenario)
    scenario.note("default_transaction_read_only switched on and off")
    _check_recovered(scenario)


def standby_promoted(scenario: Scenario) -> None:
    """As after a failover: the server is a standby first, to which services connect, then it is promoted."""
    scenario.hub.processes[POSTGRES].stop(signal.SIGINT)
    (scenario.hub.folder / "postgres" / "cluster" / "standby.signal").touch()
    scenario.hub.start_server(POSTGRES)
    with contextlib.ExitStack() as after:
        after.callback(database.administer, scenario.engine, "SELECT pg_promote()")
        _check_refused(scenario)
    scenario.note("started as a standby and promoted")
    _check_recovered(scenario)


def _check_refused(scenario: Scenario) -> None:
    """No API is ready, and a POST is asked to come back."""
    hub = scenario.hub

    def are_refused() -> bool:
        return not any(hub.is_ready(hub.url(name)) for name in APIS)

    scenario.check(has_come(are_refused, seconds=10), _INVARIANT, "an API is ready although PostgreSQL takes no writes")
    attempt = scenario.load.attempt(scenario.draft(platforms.SMALL))
    scenario.check(attempt.status == 503, _INVARIANT, f"a POST is answered {attempt.status}: {attempt.reason}")
    scenario.pause(0.0, 2.0)


def _check_recovered(scenario: Scenario) -> None:
    """Without a restart of any process."""
    scenario.hub.wait_ready(*APIS)
    post = scenario.post(platforms.SMALL)
    scenario.check(post.is_accepted, _INVARIANT, f'"{post.title}" is never accepted: {post.attempts[-1].reason}')
