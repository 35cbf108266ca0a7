"""Large payloads: kept beside SQL and Redis, named by reference."""
