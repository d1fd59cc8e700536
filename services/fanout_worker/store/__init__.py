"""The SQL of fanout_worker, by subject."""
