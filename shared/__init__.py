"""What more than one service imports: settings, errors, log, contracts, database, broker, auth, HTTP frame, migrations.

It imports no service and does nothing at import.
"""
