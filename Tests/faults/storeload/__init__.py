"""The load and the faults of `Tests/faults/stores`."""
