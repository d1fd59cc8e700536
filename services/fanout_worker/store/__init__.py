"""The SQL of fanout_worker, by what it is about."""
