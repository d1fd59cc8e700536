"""What fanout_worker does. Each action decides and owns its transactions; every one may run twice and may die half-way."""
