"""The Salesforce connector: REST API as the user, composite requests, exactly-once write-back."""
