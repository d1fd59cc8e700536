"""A message as administrators see it: the same answer from compose_api (just accepted, recalled) and inbox_api (sent history)."""
