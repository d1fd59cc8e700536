"""SQL of the commands, by subject. Connection first, the rest keyword-only; nothing here commits."""
