"""The HTTP API: routes, one file a resource. The panel and the CRM plugins use the same one."""
