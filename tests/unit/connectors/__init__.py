"""Tests of the connectors' own parts: no sockets."""
