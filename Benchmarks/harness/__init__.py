"""What the benchmarks and the fault tests share: private servers, an S3 client, a seeded catalog, processes, results."""
