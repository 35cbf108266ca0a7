"""Jobs: how one is accepted, stored, read, and brought to its end."""
