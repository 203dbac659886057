"""The sidecar: private AI beside a CRM, inside the customer's boundary."""
