"""The web page: a reader of the same functions as the API, in HTML."""
