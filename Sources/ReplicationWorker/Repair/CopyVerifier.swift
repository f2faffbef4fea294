import Logging
import Shared

/// Verifies pages of copies at one store: what is found bad is put out of service and a job heals it (I2, G13).
///
/// A store that is away is never taken for one that has lost its objects: only a definite "no such object" counts, only
/// while the bucket itself answers, and only when it is said twice.
struct CopyVerifier: Sendable {
  /// A copy that was put out of service.
  struct Quarantined: Sendable, Equatable {
    let copy: PlacedBlob
    let finding: CopyFinding
  }

  /// What a page came to.
  struct Page: Sendable {
    var good: [PlacedBlob] = []
    var quarantined: [Quarantined] = []
    /// Copies nothing could be learned about.
    var unknown: [(copy: PlacedBlob, error: StorageError)] = []
  }

  /// Why a page was not judged; nothing was put out of service.
  enum Suspicion: Error, Sendable, CustomStringConvertible {
    /// The bucket itself does not answer as it should.
    case storeAway(StorageError)
    /// So many copies are missing or wrong that the bucket may be lost, or another one.
    case bucketDoubtful(bad: Int, looked: Int, found: Int, asked: Int)

    var description: String {
      switch self {
      case .storeAway(let error): "the store cannot be asked: \(error)"
      case .bucketDoubtful(let bad, let looked, let found, let asked):
        "\(bad) of \(looked) copies are missing or wrong, and of \(asked) picked at random only \(found) are there"
      }
    }
  }

  let store: any BlobStore
  let catalog: Catalog
  let inspector: CopyInspector
  var lossGuard = LossGuard()
  /// Whether an operator has said that a bucket in doubt is to be healed all the same.
  var mayDoubtBucket = true
  var parallel = 8
  /// Is told of the jobs that heal.
  let announce: @Sendable ([JobAnnouncement]) async -> Void
  let logger: Logger

  /// Looks at the copies and settles what was found. Throws `Suspicion`, and what the catalog throws.
  func verify(_ copies: [PlacedBlob], _ depth: VerificationDepth) async throws -> Page {
    var page = Page()
    var bad: [Quarantined] = []
    for (copy, finding) in try await lookAtAll(copies, depth) {
      switch finding {
      case .good: page.good.append(copy)
      case .unknown(let error): page.unknown.append((copy, error))
      case .missing, .wrongSize, .wrongContent: bad.append(Quarantined(copy: copy, finding: finding))
      }
    }
    try await catalog.recordVerified(page.good, depth)
    // A store that answers for next to nothing is away: going on would only wait for its deadlines.
    if page.unknown.count > 3, page.unknown.count * 2 >= copies.count,
      let failure = page.unknown.first(where: \.error.isStoreFailure)
    {
      throw Suspicion.storeAway(failure.error)
    }
    if !bad.isEmpty { try await settle(bad, of: copies.count, depth, into: &page) }
    return page
  }

  /// The bad ones again, now that the bucket is known to answer; then the quarantine of each.
  private func settle(
    _ bad: [Quarantined], of looked: Int, _ depth: VerificationDepth, into page: inout Page
  ) async throws {
    do throws(StorageError) { try await store.probe() } catch { throw Suspicion.storeAway(error) }
    if mayDoubtBucket, lossGuard.isSuspicious(bad: bad.count, of: looked) {
      try await reassure(bad: bad.count, of: looked)
    }
    for (copy, finding) in try await lookAtAll(bad.map(\.copy), depth) {
      guard let reason = finding.reason else { continue }
      let jobs = try await catalog.quarantine(copy.placement, of: copy.blob, reason: reason)
      // No job: the copy was collected or replaced meanwhile, or is out of service already.
      guard !jobs.isEmpty else { continue }
      await announce(jobs)
      page.quarantined.append(Quarantined(copy: copy, finding: finding))
      logger.error(
        "a copy is missing or wrong: it is put aside and will be made again",
        metadata: [
          "at": "\(copy.placement.location)", "digest": "\(copy.digest)", "key": "\(copy.placement.key)",
          "reason": "\(reason)",
        ])
    }
  }

  /// Returns where a random sample shows that the bucket is the one the catalog knows.
  private func reassure(bad: Int, of looked: Int) async throws {
    let sample = try await catalog.sampleCopies(at: store.location, count: lossGuard.sample)
    let found = try await lookAtAll(sample, .presence).count { $0.1 == .good }
    guard lossGuard.isReassuring(found: found, of: sample.count) else {
      throw Suspicion.bucketDoubtful(bad: bad, looked: looked, found: found, asked: sample.count)
    }
  }

  private func lookAtAll(
    _ copies: [PlacedBlob], _ depth: VerificationDepth
  ) async throws -> [(PlacedBlob, CopyFinding)] {
    try await inspector.lookAtAll(copies, depth, parallel: parallel)
  }
}
