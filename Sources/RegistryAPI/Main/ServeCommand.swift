import ArgumentParser
import Logging
import Shared

/// `registry-api serve`: answers clients until SIGTERM or SIGINT.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answer container clients.",
    discussion: """
      Brings the database schema up to date, checks that this region's own store can be used, and listens. On SIGTERM no \
      new connection is accepted and requests in flight have 30 seconds to end.

      Where the database's primary is away and DB_READ_URI names a replica, it starts all the same and serves pulls. \
      With REGISTRY_STATE: readonly nothing is written, and the schema has to be up to date already.
      """)

  @Option(help: ArgumentHelp("The configuration, a YAML file with Quay's keys.", valueName: "file"))
  var config: String

  @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
  var listen = "127.0.0.1:8080"

  @Option(help: ArgumentHelp("Connections open at once; further ones are answered 503.", valueName: "count"))
  var maximumConnections = ConnectionLimits().total

  @Option(
    help: ArgumentHelp(
      "Connections open at once from one public address; further ones are answered 429.", valueName: "count"))
  var maximumConnectionsPerAddress = ConnectionLimits().perAddress

  func validate() throws {
    for count in [maximumConnections, maximumConnectionsPerAddress] where !(1...1_000_000).contains(count) {
      throw ValidationError("a number of connections must be from 1 to 1000000")
    }
  }

  func run() async throws {
    try await CommandOutcome.report("registry-api") {
      let parsed = try Startup.address(listen)
      let address = ListenAddress(host: parsed.host, port: parsed.port)
      let loaded = try Startup.configuration(path: config)
      LogSetup.bootstrap(service: "registry-api", region: loaded.configuration.region)
      let logger = Logger(label: "registry-api")
      Startup.report(loaded.notices, to: logger)
      let connections = ConnectionLimits(total: maximumConnections, perAddress: maximumConnectionsPerAddress)
      try await RegistryServer(
        configuration: loaded.configuration, address: address, connections: connections, logger: logger
      ).run()
    }
  }
}
