"""What both doors need, by noun; each package imports only what stands lower."""
