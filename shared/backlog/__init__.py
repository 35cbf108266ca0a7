"""What waits: entries on Redis Streams, taken in batches, moved as one step; and the bells."""
