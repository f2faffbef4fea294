import ArgumentParser
import Foundation
import Shared

/// `replication-worker status`.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how far replication has come at each location.",
    discussion: "Exit code 0 unless a job is parked or a blob has lost its last intact copy; then 2.")

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") { try await status() }
  }

  private func status() async throws {
    let statuses = try await Startup.withCatalog(path: config, service: "replication-worker-status") { catalog in
      try await catalog.replicationStatus()
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      let report = Report(locations: statuses.map(Report.Location.init))
      CommandOutcome.say(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      for line in StatusTable.lines(of: statuses) { CommandOutcome.say(line) }
    }
    if statuses.contains(where: { $0.parked > 0 || $0.sourceLost > 0 }) { throw ExitCode(2) }
  }

  /// The JSON form; its keys are part of the command's contract.
  struct Report: Encodable {
    struct Location: Encodable {
      let location: String
      let state: String
      let placements: Int64
      let pending: Int64
      let pendingBytes: Int64
      let oldestPendingSeconds: Int64
      let failing: Int64
      let parked: Int64
      let sourceLost: Int64

      enum CodingKeys: String, CodingKey {
        case location, state, placements, pending, failing, parked
        case pendingBytes = "pending_bytes"
        case oldestPendingSeconds = "oldest_pending_seconds"
        case sourceLost = "source_lost"
      }

      /// Takes the catalog's figures over.
      init(_ status: LocationStatus) {
        location = status.location.description
        state = status.state.rawValue
        placements = status.placements
        pending = status.pendingJobs
        pendingBytes = status.pendingBytes
        oldestPendingSeconds = status.oldestPendingSeconds ?? 0
        failing = status.failing
        parked = status.parked
        sourceLost = status.sourceLost
      }
    }

    let locations: [Location]
  }
}
