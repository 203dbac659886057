"""Adapters against the real thing on disk."""
