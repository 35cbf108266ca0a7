"""SQL: engines, column types, migrations. SQLite and PostgreSQL, one behaviour."""
