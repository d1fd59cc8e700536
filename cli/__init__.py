"""message-hub, the operator's command. The only place that may import several services; no service imports it."""
