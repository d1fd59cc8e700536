"""What fanout_worker does. Each action owns its transactions; each may run twice and may be killed half-way."""
