"""Tests of services/directory."""
