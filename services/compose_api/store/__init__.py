"""The SQL of compose_api, by subject."""
