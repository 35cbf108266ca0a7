"""The machine-learning models and the code that loads, checks and describes them."""
