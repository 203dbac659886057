"""Tests that open no sockets."""
