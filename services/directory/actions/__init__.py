"""Changes a platform's directory. Called by the routes and the command line. Each action owns its transactions."""
