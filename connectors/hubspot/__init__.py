"""HubSpot: one portal, each user's own rights or a configured rule."""
