import threading

from sqlalchemy import Engine

from drills import background, database
from drills.processes import wait_until


def test_a_change_that_ends_in_a_deadlock_is_repeated(owner_engine: Engine) -> None:
    database.change(owner_engine, "CREATE TABLE one (n int)", "CREATE TABLE other (n int)")

    def change(_ending: threading.Event) -> None:
        database.change(owner_engine, "LOCK TABLE other", "LOCK TABLE one", "INSERT INTO other VALUES (1)")

    def waits() -> bool:
        with owner_engine.connect() as connection:
            statement = "SELECT count(*) FROM pg_locks WHERE relation = 'one'::regclass AND NOT granted"
            return bool(connection.exec_driver_sql(statement).scalar_one())

    with owner_engine.connect() as connection, connection.begin():
        # PostgreSQL cancels the transaction that looks for a deadlock first.
        connection.exec_driver_sql("SET LOCAL deadlock_timeout = '30s'")
        connection.exec_driver_sql("LOCK TABLE one")
        with background.running(change):
            wait_until(waits, what="the change waits for the first table", every=0.01)
            connection.exec_driver_sql("LOCK TABLE other")
            connection.commit()
    with owner_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM other").scalar_one() == 1
