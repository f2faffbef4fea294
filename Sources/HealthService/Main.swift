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
        /                          the status page, for people
        /health/region/NAME        200 where the region can serve, else 503; ?for=read or ?for=write
        /health/regions            every region's verdict
        /health/instance           this region for pulls (Quay's body)
        /health/endtoend           this region for pulls and pushes (Quay's body)
        /health/warning            503 where the disk fills up (Quay's body)
        /health/dbrevision         400 where the database's schema is not this program's (Quay's body)
        /livez, /readyz            this process runs; it has looked at everything once
        /metrics                   for Prometheus
      Accept: application/health+json gets the draft's shape. docs/operations/health.md has the balancers' settings.

      EXAMPLE
        health-service run --config config.yaml --listen 127.0.0.1:8082 --agent-listen 127.0.0.1:8083
      """,
    subcommands: [
      RunCommand.self, StatusCommand.self, DrainCommand.self, UndrainCommand.self, DrainsCommand.self,
    ])
}
