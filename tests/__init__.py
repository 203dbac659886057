"""Tests: unit (no sockets), contract, functional, browser, redteam."""
