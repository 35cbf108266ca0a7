"""The Celery door: one task per file over a plain function."""
