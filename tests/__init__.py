"""The hub's tests. The tree mirrors the code; what several tests use is in conftest.py and factories.py."""
