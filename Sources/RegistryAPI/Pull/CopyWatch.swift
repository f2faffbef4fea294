import Logging
import Shared

/// Hears of every copy that was read for a client, and passes on what each case asks for: the store's health, doubt about
/// the copy, a line in the log.
struct CopyWatch: Sendable {
  let health: StoreHealth
  let samples: KnownObjects
  /// Is told of copies that are to be looked at again.
  let doubt: @Sendable (Placement, BlobRecord, DoubtfulCopies.Doubt) -> Void
  let metrics: RegistryMetrics
  let logger: Logger

  /// A copy failed before its first byte, or in the middle.
  func note(_ failed: CopyOpening.Failed, of blob: BlobRecord) {
    let location = failed.placement.location
    switch failed.error {
    // The store has reported whatever it answered; of one that fell silent only the reader knows.
    case .timedOut(phase: CopyOpening.slowPhase):
      health.record(location, .reading, .fails(retryAfter: nil))
    case .timedOut(phase: FailoverBody.silentPhase):
      health.record(location, .reading, .fails(retryAfter: nil))
      // It answers every question and then leaves clients waiting: the next ones are not to wait as well.
      health.recordDoubt(location)
    case .objectMissing: doubt(failed.placement, blob, .missing)
    case .sizeMismatch(_, let actual): doubt(failed.placement, blob, .wrongSize(actualBytes: actual))
    default: break
    }
    metrics.readFailedOver()
    logger.warning(
      "a copy cannot be read; the next is tried",
      metadata: ["location": "\(location)", "digest": "\(blob.digest)", "error": "\(failed.error)"])
  }

  /// A copy went on where another one had failed.
  func resumed(_ blob: BlobRecord, from failed: LocationID, at location: LocationID, offset: Int64) {
    metrics.readResumed()
    logger.info(
      "a body goes on from another copy",
      metadata: ["digest": "\(blob.digest)", "from": "\(failed)", "at": "\(location)", "offset": "\(offset)"])
  }

  /// The whole blob has come, from these locations, and its bytes are right.
  func rightBytes(_ blob: BlobRecord, from sources: [LocationID]) {
    guard let source = sources.first, sources.count == 1 else { return }
    if health.isDoubted(source) { health.recordRightBytes(source) }
    if let placement = blob.placements.first(where: { $0.location == source }) {
      samples.remember(placement, digest: blob.digest, sizeBytes: blob.sizeBytes)
    }
  }

  /// The whole blob has come and its bytes are wrong. Where they came from several copies it is not known whose fault
  /// that is, so each one is looked at again.
  func wrongBytes(_ blob: BlobRecord, from sources: [LocationID]) {
    for source in Set(sources) {
      health.recordDoubt(source)
      samples.forget(blob.digest, at: source)
      if let placement = blob.placements.first(where: { $0.location == source }) {
        doubt(placement, blob, .wrongContent)
      }
    }
    metrics.wrongBytesRead()
    logger.error(
      "the bytes of a copy are wrong; the client did not get all of them",
      metadata: ["digest": "\(blob.digest)", "locations": "\(sources.map(\.description).joined(separator: " "))"])
  }
}
