"""A HubSpot portal: its CRM and, around it, OAuth, limits, webhooks and settings."""
