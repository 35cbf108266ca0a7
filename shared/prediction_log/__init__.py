"""The prediction log: one row per finished job, for those who learn from what was predicted."""
