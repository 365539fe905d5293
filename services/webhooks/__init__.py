"""Events pushed to departments' systems, signed by Standard Webhooks."""
