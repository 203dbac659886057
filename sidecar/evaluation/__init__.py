"""How good the drafts are, measured on conversations with a summary by a person: `crm-sidecar eval` and `make eval`."""
