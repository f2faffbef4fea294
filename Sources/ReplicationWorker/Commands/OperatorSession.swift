import Foundation
import Logging
import Shared

/// What a command on the whole registry works with: the configuration, the catalog, and the doorbell of the workers.
struct OperatorSession: Sendable {
  let configuration: Configuration
  let catalog: Catalog
  let queue: any ReplicationQueue
  /// Names this run of the command among all processes.
  let holder: String

  /// Opens everything for `body` and closes it again.
  static func with<Value: Sendable>(
    path: String, command: String, _ body: (OperatorSession) async throws -> Value
  ) async throws -> Value {
    let configuration = try Startup.configuration(path: path).configuration
    return try await Startup.withCatalog(path: path, service: "replication-worker-\(command)") { catalog in
      // A command says itself what went wrong; the driver's own log would tear the progress bar.
      let queue = Startup.queue(configuration, logger: Logger(label: command) { _ in SwiftLogNoOpLogHandler() })
      let process = ProcessInfo.processInfo
      let session = OperatorSession(
        configuration: configuration, catalog: catalog, queue: queue,
        holder: "\(command)-\(process.hostName)-\(process.processIdentifier)-\(RandomIdentifier().hex.prefix(8))")
      do {
        let value = try await body(session)
        await queue.close()
        return value
      } catch {
        await queue.close()
        throw error
      }
    }
  }

  /// The configuration's default locations; refuses where replication is off.
  func defaultLocations() throws(StartupError) -> [LocationID] {
    guard configuration.replicationEnabled else {
      throw .refused("FEATURE_STORAGE_REPLICATION is off: there is nothing to copy")
    }
    return configuration.requiredLocations
  }

  /// The location on record by this name; refuses one that there is not, with the names there are.
  func location(_ name: String) async throws -> LocationRecord {
    let records = try await catalog.locationRecords()
    guard let record = records.first(where: { $0.id.description == name }) else {
      throw StartupError.locationUnregistered(name, known: records.map(\.id))
    }
    return record
  }

  /// The namespace, where it has a repository; refuses one that has none.
  func namespace(_ name: String) async throws -> String {
    guard try await catalog.hasRepositories(inNamespace: name) else {
      throw StartupError.wrongUse("no repository is in a namespace '\(name.prefix(100))'")
    }
    return name
  }

  /// Tells waiting workers of jobs. Best effort: without Redis they find the jobs in the database within a minute (D1).
  var announce: @Sendable ([JobAnnouncement]) async -> Void {
    { [queue] jobs in
      // Nothing is lost with it, and a command that fills a location should not fail for want of a bell.
      try? await queue.announce(jobs)
    }
  }

  /// A walk of this command over a scope.
  func walk(_ scope: BackfillScope, defaults: [LocationID]) -> BackfillWalk {
    BackfillWalk(catalog: catalog, scope: scope, defaultLocations: defaults, holder: holder, announce: announce)
  }
}

extension CommandOutcome {
  /// Writes a value as one JSON object for scripts, keys in order.
  static func say(json value: some Encodable) throws {
    say(try value.jsonText(.withoutEscapingSlashes))
  }
}
