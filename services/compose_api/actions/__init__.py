"""What compose_api does. Each action decides and owns its transaction."""
