"""The launcher: one machine, one command. It stands above api and workers, imported by neither."""
