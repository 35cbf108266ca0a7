"""What the system tells of itself: counters and log lines."""
