"""Files that clients upload: their content in the blob store, all else in SQL."""
