import ArgumentParser

/// `health-service`: probes this region in the background and tells load balancers which regions can serve.
@main
struct HealthService: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health-service",
    abstract: "Tells the global load balancer which regions can serve pulls and pushes.",
    discussion: """
      Storage, database and Redis are probed on their own schedules; every answer comes from what was last seen and never \
      waits for a probe.

      ENDPOINTS
        /livez                     this process runs
        /health/instance           database and storage of this region (Quay's body)
        /health/endtoend           the same with Redis and every location (Quay's body)
        /health/region/NAME        200 where the region can serve, else 503; ?for=read or ?for=write
        /health/regions            every region's verdict

      EXAMPLE
        health-service run --config config.yaml --listen 127.0.0.1:8082
      """,
    subcommands: [RunCommand.self])
}
