"""The conformance suite of connectors: subclass `ConnectorContract`, give it `facts` and a `stage`, and pytest runs it.

`CrmFacts` are the names and prices of one CRM. A stage is that CRM with one case (in HubSpot: a ticket) that an agent
sees and an outsider does not, and the means to disturb it: hide a field, edit a record behind the agent's back, drop an
answer, kill a token. Needs pytest, which production does not install.
"""

from connectors.testing.facts import CrmFacts, Price, Root
from connectors.testing.grants import GrantContract
from connectors.testing.reading import ReadingContract
from connectors.testing.roots import RootContract
from connectors.testing.stage import Stage, Trouble
from connectors.testing.unmarked import UnmarkedContract
from connectors.testing.writing import WritingContract

__all__ = ["ConnectorContract", "CrmFacts", "Price", "Root", "Stage", "Trouble"]


class ConnectorContract(ReadingContract, RootContract, GrantContract, WritingContract, UnmarkedContract):
    """What every connector must do: reading, accounts and contacts, tokens, writing with and without a key."""
