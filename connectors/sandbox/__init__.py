"""A local CRM that speaks the vendors' REST APIs to their own clients, for tests and the demo. Never for production."""
