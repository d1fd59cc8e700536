"""What `message-hub run` is made of: the supervisor, its programs, and what it prints."""
