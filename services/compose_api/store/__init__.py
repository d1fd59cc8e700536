"""The SQL of compose_api, by what it is about."""
