import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Accepts connections and answers what comes over them until the service is shut down.
struct RegistryListener: Service {
  /// Connections beyond the limit that are answered before no more are accepted at all.
  private static let refusedAtOnce = 256

  private let base: any Service
  private let address: ListenAddress

  /// Prepares to listen; `onRunning` is told the port, which matters where 0 was asked for.
  init(
    services: RegistryServices, address: ListenAddress, logger: Logger,
    connections: ConnectionLimits = ConnectionLimits(),
    onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
  ) throws {
    self.address = address
    let responder = RegistryResponder(services: services)
    let metrics = services.metrics
    let places = ConnectionPlaces(limits: connections) { metrics.connectionRefused() }
    let gauges = RegistryGauges(
      catalog: services.catalog, manifests: services.manifests, room: services.room, places: places)
    metrics.beforeText { gauges.show(in: $0) }
    let builder = HTTPServerBuilder { respond in RegistryChannel(places: places, responder: respond) }
    base = try builder.buildServer(
      configuration: ServerConfiguration(
        address: .hostname(address.host, port: address.port), backlog: 1024,
        availableConnectionsDelegate: MaximumAvailableConnections(
          connections.total + Self.refusedAtOnce, logger: logger)),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
      responder: { request, writer, channel in
        try await responder.respond(to: request, writer: writer, channel: channel)
      },
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? address.port) })
  }

  /// Listens until shut down gracefully; throws `ListenFailure` where the address cannot be bound.
  func run() async throws {
    do {
      try await base.run()
    } catch let error as IOError {
      throw ListenFailure(address: address, detail: error.description)
    }
  }
}

/// The address cannot be listened on: taken, not ours, or not allowed.
struct ListenFailure: Error, Sendable, CustomStringConvertible {
  let address: ListenAddress
  let detail: String

  var description: String { "cannot listen on \(address): \(detail)" }
}
