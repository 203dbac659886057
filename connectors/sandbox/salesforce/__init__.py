"""The Salesforce half of the sandbox: schema, permissions, SOQL and the REST API, without any HTTP."""
