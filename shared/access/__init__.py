"""Who may call: API keys, the tenants that they stand for, and what each tenant may use."""
