"""Attacks that must get nowhere: a gate for every release."""
