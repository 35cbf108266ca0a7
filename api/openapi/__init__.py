"""The operations in the words of OpenAPI, kept beside the routes so that those stay short."""
