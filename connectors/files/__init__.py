"""Text of attached files: opened in a child process with limits, given back as HTML pages that keep what was hidden."""

from connectors.files.extract import KINDS, Extracted, Limits, extract, kind_of

__all__ = ["KINDS", "Extracted", "Limits", "extract", "kind_of"]
