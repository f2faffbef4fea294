import Testing

@testable import HTTPTransport

/// Bounds on sockets and queues.
@Suite struct LimitTests {
  @Test(arguments: [1, 2])
  func neverOpensMoreThanTheLimit(threads: Int) async throws {
    try await withServer { connection in
      while connection.readHead() != nil { connection.respond("200 OK", body: String(repeating: "x", count: 10_000)) }
    } configure: { configuration in
      configuration.threads = threads
      configuration.maxConnectionsPerHost = 4
    } _: { server, transport in
      let failures = await withTaskGroup(of: HTTPTransportError?.self) { group in
        for _ in 0..<200 { group.addTask { await failure(of: transport, get(server.url())) } }
        return await group.reduce(into: [HTTPTransportError?]()) { $0.append($1) }
      }
      #expect(failures.allSatisfy { $0 == nil })
      #expect(server.counts.requests == 200)
      #expect(server.counts.accepted <= 4)
      #expect(server.counts.mostOpen <= 4)
      #expect(await eventually { transport.load == .init(active: 0, queued: 0) })
    }
  }

  @Test func refusesOverTheQueueBound() async throws {
    let gate = Gate()
    try await withServer { connection in
      while connection.readHead() != nil {
        gate.wait()
        connection.respond("200 OK")
      }
    } configure: { configuration in
      configuration.maxConnectionsPerHost = 2
      configuration.maxQueuedRequests = 3
    } _: { server, transport in
      let tasks = (0..<5).map { _ in Task { await failure(of: transport, get(server.url())) } }
      #expect(await eventually { transport.load == .init(active: 2, queued: 3) })
      let refused = await failure(of: transport, get(server.url()))
      #expect(refused == .overloaded)
      #expect(refused?.requestMayHaveBeenSent == false)
      gate.open()
      for task in tasks { #expect(await task.value == nil) }
      #expect(server.counts.requests == 5)
    }
  }

  @Test func aFullHostDoesNotBlockAnother() async throws {
    try await withServer { connection in
      _ = connection.readHead()
      connection.readToEnd()
    } configure: {
      $0.maxConnectionsPerHost = 2
    } _: { server, transport in
      let stuck = (0..<6).map { _ in Task { await failure(of: transport, get(server.url())) } }
      #expect(await eventually { transport.load == .init(active: 2, queued: 4) })
      let other = try FaultServer { connection in
        while connection.readHead() != nil { connection.respond("200 OK") }
      }
      for _ in 0..<5 { #expect(await failure(of: transport, get(other.url())) == nil) }
      other.stop()
      for task in stuck { task.cancel() }
      for task in stuck { #expect(await task.value == .cancelled) }
      #expect(await eventually { transport.load == .init(active: 0, queued: 0) })
    }
  }

  @Test func theTotalDeadlineCoversTheQueue() async throws {
    try await withServer { connection in
      _ = connection.readHead()
      connection.readToEnd()
    } configure: {
      $0.maxConnectionsPerHost = 1
    } _: { server, transport in
      let first = Task { await failure(of: transport, get(server.url())) }
      #expect(await eventually { server.counts.requests == 1 })
      let waiting = await failure(of: transport, get(server.url(), timeouts: .init(total: .milliseconds(300))))
      #expect(waiting == .timedOut(.queue))
      #expect(waiting?.requestMayHaveBeenSent == false)
      first.cancel()
      #expect(await first.value == .cancelled)
    }
  }

  @Test func closesIdleConnectionsForOtherHosts() async throws {
    let servers = try (0..<5).map { _ in
      try FaultServer { connection in
        while connection.readHead() != nil { connection.respond("200 OK") }
      }
    }
    var configuration = HTTPTransportConfiguration()
    configuration.maxTotalConnections = 2
    let transport = try HTTPTransport(configuration: configuration)
    for _ in 0..<3 {
      for server in servers { #expect(await failure(of: transport, get(server.url())) == nil) }
    }
    #expect(await eventually { servers.reduce(0) { $0 + $1.counts.open } <= 2 })
    await transport.close()
    #expect(await eventually { servers.allSatisfy { $0.counts.open == 0 } })
    for server in servers { server.stop() }
  }
}
