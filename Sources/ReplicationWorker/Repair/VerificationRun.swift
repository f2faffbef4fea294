import Foundation
import Logging
import Shared

/// Verifies a scope once, at all locations it touches: the work of the `verify` command.
struct VerificationRun: Sendable {
  let catalog: Catalog
  let stores: [LocationID: any BlobStore]
  let queue: any ReplicationQueue
  let depth: VerificationDepth
  /// Copies, or bytes where content is verified; 0 for no bound.
  let perSecond: Double
  let mayDoubtBucket: Bool
  var page = 200

  /// What was found.
  struct Outcome: Sendable {
    var looked = 0
    var quarantined: [CopyVerifier.Quarantined] = []
    /// Put aside, beyond those listed.
    var unlisted = 0
    var unknown = 0
    /// Why copies could not be looked at, once for each location.
    var troubles: [LocationID: String] = [:]
    var doubtful: Set<LocationID> = []

    /// The most copies listed, so that memory is bounded.
    static let mostListed = 10_000
  }

  /// Looks at every good copy of the scope; `seen` is told how many (or how many bytes) of how many were looked at.
  func verify(_ scope: VerificationScope, seen: @Sendable (Int64, Int64) -> Void) async throws -> Outcome {
    let totals = try await catalog.copyTotals(in: scope)
    let total = depth == .content ? totals.bytes : totals.copies
    let verifiers = verifiers()
    let copyPace = RatePace(perSecond: depth == .presence ? perSecond : 0)
    var outcome = Outcome()
    var done: Int64 = 0
    var last: PlacedBlob?
    while true {
      let copies = try await catalog.copies(
        in: scope, after: last?.blob ?? BlobID(rawValue: 0), last?.placement.location, limit: page)
      guard let end = copies.last else { return outcome }
      last = end
      for (location, copies) in Dictionary(grouping: copies, by: \.placement.location).sorted(by: { $0.key < $1.key }) {
        try await copyPace.admit(Int64(copies.count))
        try await verify(copies, at: location, with: verifiers[location], into: &outcome)
        done += depth == .content ? copies.reduce(0) { $0 + $1.sizeBytes } : Int64(copies.count)
        seen(done, total)
      }
    }
  }

  private func verify(
    _ copies: [PlacedBlob], at location: LocationID, with verifier: CopyVerifier?, into outcome: inout Outcome
  ) async throws {
    guard let verifier else {
      outcome.unknown += copies.count
      outcome.troubles[location] = "the location is not in the configuration"
      return
    }
    guard !outcome.doubtful.contains(location) else {
      outcome.unknown += copies.count
      return
    }
    do {
      let found = try await verifier.verify(copies, depth)
      outcome.looked += copies.count - found.unknown.count
      let room = Outcome.mostListed - outcome.quarantined.count
      outcome.quarantined += found.quarantined.prefix(room)
      outcome.unlisted += max(0, found.quarantined.count - room)
      outcome.unknown += found.unknown.count
      if let error = found.unknown.first?.error { outcome.troubles[location] = error.description }
    } catch let suspicion as CopyVerifier.Suspicion {
      outcome.unknown += copies.count
      outcome.troubles[location] = suspicion.description
      if case .bucketDoubtful = suspicion { outcome.doubtful.insert(location) }
    }
  }

  private func verifiers() -> [LocationID: CopyVerifier] {
    let bytePace = RatePace(perSecond: depth == .content ? perSecond : 0)
    // Each copy that is put aside is in the report; the log would only say so again.
    let silent = Logger(label: "replication-worker") { _ in SwiftLogNoOpLogHandler() }
    return stores.mapValues { store in
      CopyVerifier(
        store: store, catalog: catalog,
        inspector: CopyInspector(store: store, admit: { try await bytePace.admit($0) }),
        mayDoubtBucket: mayDoubtBucket, parallel: depth == .content ? 2 : 8,
        announce: { [queue] in await queue.announceIfPossible($0) }, logger: silent)
    }
  }
}

extension VerificationRun.Outcome {
  /// 0 all good, 2 something was put aside, 3 a bucket is in doubt, 4 something could not be looked at.
  var exitCode: Int32 {
    if !doubtful.isEmpty { return 3 }
    if !quarantined.isEmpty { return 2 }
    return unknown > 0 ? 4 : 0
  }

  /// The form for people.
  var lines: [String] {
    var lines = quarantined.map { item in
      "put aside at \(item.copy.placement.location): \(item.copy.digest): \(item.finding.reason ?? "")"
    }
    if unlisted > 0 { lines.append("and \(unlisted) more") }
    for (location, trouble) in troubles.sorted(by: { $0.key < $1.key }) { lines.append("\(location): \(trouble)") }
    let bad = quarantined.count + unlisted
    lines.append(
      bad == 0 && unknown == 0
        ? "all \(looked) copies are good"
        : "\(looked) copies looked at: \(bad) put aside and to be made again, \(unknown) could not be looked at")
    return lines
  }

  /// The form for scripts; its keys are part of the command's contract.
  func json() throws -> String {
    struct Body: Encodable {
      struct Copy: Encodable {
        let location: String
        let digest: String
        let key: String
        let finding: String
      }
      let looked: Int
      let quarantined: Int
      let unknown: Int
      let copies: [Copy]
      let troubles: [String: String]
      let doubtful: [String]
    }
    let body = Body(
      looked: looked, quarantined: quarantined.count + unlisted, unknown: unknown,
      copies: quarantined.map {
        Body.Copy(
          location: $0.copy.placement.location.description, digest: $0.copy.digest.description,
          key: $0.copy.placement.key.description, finding: $0.finding.kind)
      },
      troubles: Dictionary(troubles.map { ($0.description, $1) }) { first, _ in first },
      doubtful: doubtful.map(\.description).sorted())
    return try body.jsonText()
  }
}

extension ReplicationQueue {
  /// Rings the doorbell for jobs that are in the database; a queue that is away costs only time (D1).
  func announceIfPossible(_ jobs: [JobAnnouncement]) async {
    guard !jobs.isEmpty else { return }
    // The reconciler finds them all the same, within seconds.
    try? await announce(jobs)
  }
}
