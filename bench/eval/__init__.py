"""How good the drafts are: `python -m bench.eval` (docs/evaluation.md)."""
