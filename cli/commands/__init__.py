"""One module per command of `message-hub`."""
