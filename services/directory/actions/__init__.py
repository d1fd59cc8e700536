"""Changes a platform's directory. Called by the command line. Each action owns its transactions."""
