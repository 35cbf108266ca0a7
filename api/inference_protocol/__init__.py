"""The Open Inference Protocol (V2, and V1) in front of the same queue."""
