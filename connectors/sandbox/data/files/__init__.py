"""Files as customers attach them: text, HTML, PDF and Word, some with text that nobody sees. Bytes are repeatable."""

from connectors.sandbox.data.files.sheet import Sheet, Trick
from connectors.sandbox.data.files.writers import write

__all__ = ["Sheet", "Trick", "write"]
