"""The web panel: one page, plain ES modules, a strict content security policy, the same API as the CRM plugins."""
