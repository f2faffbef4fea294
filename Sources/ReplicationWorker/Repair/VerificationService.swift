import Logging
import ServiceLifecycle
import Shared

/// Verifies the copies at one location over and over, those verified longest ago first, at a bounded rate (G13).
///
/// Of all workers of a location one does it at a time, so the rate is the store's, however many workers there are. The
/// place is kept in a sweep, so that a copy about which nothing can be learned does not hold up the others.
struct VerificationService: Service {
  /// How fast and how often.
  struct Pace: Sendable {
    /// Copies at least so old are verified again.
    var age: Duration
    /// Copies looked at in one step.
    var page: Int
    var lease: Duration = .seconds(120)
    /// The pause between two rounds, and before a store that was away or in doubt is tried again.
    var pause: Duration = .seconds(60)
  }

  let verifier: CopyVerifier
  let depth: VerificationDepth
  let holder: String
  let pace: Pace
  /// Awaited before each copy is looked at.
  let admit: @Sendable () async throws -> Void
  var metrics = VerificationMetrics(registry: .shared)
  let logger: Logger

  private var location: LocationID { verifier.store.location }
  private var catalog: Catalog { verifier.catalog }
  var sweepName: String { "verify-\(depth.rawValue):\(location)" }

  /// Goes round until shutdown; the alarm of a doubtful bucket is repeated with every try.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await round()
          metrics.age(try await catalog.verificationAge(at: location, depth), at: location, depth)
        } catch let suspicion as CopyVerifier.Suspicion {
          report(suspicion)
        } catch  where !Task.isCancelled {
          logger.warning(
            "verification was interrupted and goes on later", metadata: ["at": "\(location)", "error": "\(error)"])
        } catch {
          return
        }
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: pace.pause * Double.random(in: 0.5...1.5))
      }
    }
  }

  /// Verifies everything that is due, or everything there is where an operator asked for it; returns at once where
  /// another worker does.
  func round() async throws {
    guard let sweep = try await catalog.claimSweep(sweepName, holder: holder, lease: pace.lease) else { return }
    var tally = VerificationTally(json: sweep.progress)
    var position = sweep.cursor.flatMap(VerificationPosition.init(text:)) ?? .start
    do {
      // A round begun before the request goes on for all copies too; only the next one fulfils it.
      let isRequested = try await catalog.isVerificationRequested(at: location, depth)
      while true {
        let due = try await catalog.copiesToVerify(
          at: location, depth, olderThan: isRequested ? .zero : pace.age, roundBeganAtMs: sweep.startedAtMs ?? .max,
          after: position, limit: pace.page)
        guard let last = due.last else { break }
        for _ in due where depth == .presence { try await admit() }
        let page = try await whileHolding(sweep, at: position, tally) {
          try await verifier.verify(due.map(\.copy), depth)
        }
        metrics.isDoubtful(false, at: location)
        metrics.found(page, at: location, depth)
        tally.add(page)
        position = last.position
        guard
          try await catalog.saveSweep(
            sweep, cursor: position.text, progress: try tally.json(), lease: pace.lease)
        else { return }
      }
      let isFinished = try await catalog.finishSweep(sweep, progress: try tally.json())
      if isRequested, isFinished, let beganAtMs = sweep.startedAtMs {
        try await catalog.fulfilVerification(at: location, depth, roundBeganAtMs: beganAtMs)
      }
    } catch {
      // The first error is the one to report; a sweep that is not let go of is free when its lease has passed.
      try? await Task { try await catalog.releaseSweep(sweep) }.value
      throw error
    }
  }

  /// Renews the hold on the sweep while a page takes its time; ends the work where another worker has taken over.
  private func whileHolding<Value: Sendable>(
    _ sweep: SweepState, at position: VerificationPosition, _ tally: VerificationTally,
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let progress = try tally.json()
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        while true {
          try await ContinuousClock().sleep(for: pace.lease / 3)
          guard
            try await catalog.saveSweep(
              sweep, cursor: position.text, progress: progress, lease: pace.lease)
          else { throw CancellationError() }
        }
      }
      defer { group.cancelAll() }
      while let value = try await group.next() {
        if let value { return value }
      }
      throw CancellationError()
    }
  }

  private func report(_ suspicion: CopyVerifier.Suspicion) {
    switch suspicion {
    case .storeAway:
      logger.warning("verification waits for its store", metadata: ["at": "\(location)", "reason": "\(suspicion)"])
    case .bucketDoubtful:
      metrics.isDoubtful(true, at: location)
      logger.critical(
        """
        the bucket of a location may be lost or another one: nothing is put aside there until most of its objects are \
        found again or 'verify --location \(location) --trust-bucket' says so
        """, metadata: ["at": "\(location)", "reason": "\(suspicion)"])
    }
  }
}

extension VerificationPosition {
  /// The form kept in the sweep's row.
  var text: String { "\(verifiedAtMs) \(blob.rawValue)" }

  /// Reads `text`; nil for anything else.
  init?(text: String) {
    let numbers = text.split(separator: " ").compactMap { Int64($0) }
    guard numbers.count == 2 else { return nil }
    self.init(verifiedAtMs: numbers[0], blob: BlobID(rawValue: numbers[1]))
  }
}
