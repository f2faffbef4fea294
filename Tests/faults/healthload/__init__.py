"""What `health` is made of."""
