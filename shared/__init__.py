"""What more than one service imports: settings, errors, log, contracts, database, broker, auth, HTTP frame, migrations.

It imports no service and does nothing at import.
"""

# As in pyproject.toml; images hold no installed package that could be asked.
VERSION = "0.1.0"
