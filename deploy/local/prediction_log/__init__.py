"""`./run log`: the prediction log goes to files, or what one tenant has left is erased."""
