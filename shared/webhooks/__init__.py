"""Webhooks: which addresses may be called, the outbox of deliveries, secrets, signatures."""
