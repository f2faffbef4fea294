import Shared

/// Copies one blob to the target store, by whichever way is best for it, from whichever source has it intact.
///
/// Upholds I2 and I3: nothing is reported as copied before its bytes hashed to the digest and the target confirmed them.
/// Small blobs go whole, large ones in parts that can be taken up again, and where one store holds both buckets it copies
/// by itself. A source is only taken out of service when its bytes are gone or were read alone and whole twice with the
/// same wrong result.
struct BlobCopier: Sendable {
  let context: CopyContext

  /// A verified copy that the target holds and the catalog does not know yet.
  struct Copy: Sendable, Hashable {
    let key: ObjectKey
    let source: LocationID
    /// Copies found missing or wrong on the way.
    let rejected: [CopyFailure.RejectedSource]
  }

  /// Copies the job's blob from the first source that has it intact; throws when none does or the target fails.
  ///
  /// Sources are those of the claim; where these turn out to be of no use they are read once more from the catalog, for
  /// a copy may have moved since. On cancellation throws `cancelled` after the transfers under way have ended; the
  /// checkpoint stays for whoever goes on. `progress` tells what was read, whatever the outcome.
  func copy(_ job: ReplicationJob, progress: CopyProgress = CopyProgress()) async throws(CopyFailure) -> Copy {
    var placements = job.sources
    var rejected: [CopyFailure.RejectedSource] = []
    var hasLookedAgain = false
    while true {
      if let present = placements.first(where: { $0.location == job.target && $0.state == .verified }) {
        return Copy(key: present.key, source: job.target, rejected: rejected)
      }
      let known = Set(rejected.map(\.placement))
      let sources = sources(among: placements, of: job).filter { !known.contains($0) }
      do {
        let copy = try await copy(job, from: sources, progress)
        return Copy(key: copy.key, source: copy.source, rejected: rejected + copy.rejected)
      } catch {
        let failure = error.adding(rejected)
        guard case .noIntactSource(let all) = failure else { throw failure }
        guard !hasLookedAgain else {
          // No later attempt could go on from what these sources gave.
          try await drop(job, reason: failure.description, all)
          throw failure
        }
        rejected = all
      }
      hasLookedAgain = true
      do {
        placements = try await context.records.placements(of: [job.blob])[job.blob] ?? []
      } catch {
        throw .records(error, rejected: rejected)
      }
    }
  }

  private func sources(among placements: [Placement], of job: ReplicationJob) -> [Placement] {
    SourceOrder.sources(placements, target: job.target, preference: context.preference) { location in
      if case .closed = context.limits.breakers.state(of: location) { true } else { false }
    }
  }

  private func copy(
    _ job: ReplicationJob, from sources: [Placement], _ progress: CopyProgress
  ) async throws(CopyFailure) -> Copy {
    let usable = sources.filter { context.stores[$0.location] != nil }
    guard !usable.isEmpty else {
      throw sources.isEmpty ? .noIntactSource([]) : .sourcesNotConfigured(sources.map(\.location))
    }
    do {
      if let copy = try await storeSideCopy(of: job, from: usable, progress) { return copy }
    } catch {
      throw .cancelled
    }
    var search = SourceSearch(usable)
    var uselessCheckpoints = 0
    while let sources = search.next {
      let board = SourceBoard(sources)
      let reader = SourceReader(context: context, job: job, board: board, progress: progress)
      do {
        let key = try await transfer(job, reader)
        search.note(board)
        // Where a checkpoint held everything already no source was read: the best one is named.
        return Copy(
          key: key, source: progress.source ?? sources.first?.location ?? job.target, rejected: search.rejected)
      } catch {
        search.note(board)
        switch error.stop {
        case .sources(let last): search.failed(last)
        case .mismatch(let failure):
          search.mismatched(failure, allFrom: error.isResumed ? nil : board.soleContributor)
          try await drop(job, reason: failure.description, search.rejected)
        case .checkpointUseless(let reason):
          try await drop(job, reason: reason, search.rejected)
          uselessCheckpoints += 1
          guard uselessCheckpoints <= 2 else {
            throw .target(.invalidResponse(detail: reason), rejected: search.rejected)
          }
        case .target(let failure): throw .target(failure, rejected: search.rejected)
        case .records(let failure): throw .records(failure, rejected: search.rejected)
        case .leaseLost: throw .leaseLost
        case .cancelled: throw .cancelled
        }
      }
    }
    if let last = search.lastError { throw .sourcesUnavailable(last: last, rejected: search.rejected) }
    let unconfigured = sources.filter { context.stores[$0.location] == nil }
    guard unconfigured.isEmpty else { throw .sourcesNotConfigured(unconfigured.map(\.location)) }
    throw .noIntactSource(search.rejected)
  }

  /// A transfer that ended without a copy.
  private struct Ended: Error {
    let stop: CopyStop
    /// Whether bytes of an earlier attempt were in the hash.
    var isResumed = false
  }

  private func transfer(_ job: ReplicationJob, _ reader: SourceReader) async throws(Ended) -> ObjectKey {
    var isResumed = false
    do throws(CopyStop) {
      guard job.sizeBytes > min(context.policy.wholeBlobBytes, context.target.partLimits.maximumSinglePutBytes) else {
        return try await WholeCopy(context: context, job: job, reader: reader).run()
      }
      let copy = PartsCopy(context: context, job: job, reader: reader)
      let start: PartsCopy.Start
      if let checkpoint = try await checkpoint(of: job) {
        start = try copy.resume(checkpoint)
        isResumed = start.isResumed
        reader.progress.resumed(atBytes: checkpoint.offsetBytes)
      } else {
        start = try await copy.begin()
      }
      return try await copy.run(from: start)
    } catch {
      throw Ended(stop: error, isResumed: isResumed)
    }
  }

  private func checkpoint(of job: ReplicationJob) async throws(CopyStop) -> CopyCheckpoint? {
    do {
      return try await context.records.checkpoint(of: job)
    } catch {
      throw .records(error)
    }
  }

  /// Gives up what was copied so far, so that the next transfer begins anew.
  private func drop(
    _ job: ReplicationJob, reason: String, _ rejected: [CopyFailure.RejectedSource]
  ) async throws(CopyFailure) {
    guard job.sizeBytes > context.policy.wholeBlobBytes else { return }
    do {
      guard try await context.records.dropCheckpoint(of: job, reason: reason) else { throw CopyFailure.leaseLost }
    } catch let error as CatalogError {
      throw .records(error, rejected: rejected)
    } catch {
      throw .leaseLost
    }
  }

  private func storeSideCopy(
    of job: ReplicationJob, from sources: [Placement], _ progress: CopyProgress
  ) async throws(CopyStop) -> Copy? {
    let copy = StoreSideCopy(context: context, job: job, progress: progress)
    for source in sources {
      guard let store = context.stores[source.location] else { continue }
      if let key = try await copy.run(from: source, at: store) {
        return Copy(key: key, source: source.location, rejected: [])
      }
    }
    return nil
  }
}
