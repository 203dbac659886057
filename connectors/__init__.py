"""Connectors know CRMs and nothing of the sidecar."""
