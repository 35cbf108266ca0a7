"""The HTTP front door: it translates between the wire and `shared`, and decides nothing."""
