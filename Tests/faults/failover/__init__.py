"""What `database-failover` is made of."""
