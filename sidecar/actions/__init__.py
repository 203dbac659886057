"""The whole story of one click: draft(), apply(), undo(), with show(), edit(), rate() and discard() beside them.

Every step acts live, as the user; asks the policy again; and stops when it cannot be audited.
"""

from sidecar.actions.applying import apply, undo
from sidecar.actions.drafting import Click, draft
from sidecar.actions.keeping import discard, edit, rate, show

__all__ = ["Click", "apply", "discard", "draft", "edit", "rate", "show", "undo"]
