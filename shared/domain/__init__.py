"""The words of the product: names, states, ids, predictions. No I/O."""
