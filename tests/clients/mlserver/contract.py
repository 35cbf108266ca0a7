"""Prints where the V2 contract lies that ships with MLServer."""

from importlib.resources import files

if __name__ == "__main__":
    print(files("mlserver") / "rest" / "openapi" / "dataplane.json")
