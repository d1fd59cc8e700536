"""The deployable parts of Message Hub. None of them imports another."""
