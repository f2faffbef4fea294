import Shared

/// Copies one blob to the target store: reads the best source, hashes what arrives, writes it under a fresh key.
///
/// Upholds I2 and I3: nothing is reported as copied before the source's bytes hashed to the digest and the target
/// confirmed their number. Memory per copy is the blob for small ones and `partsInFlight + 1` parts for others, out of
/// the worker's shared budget (I12).
struct BlobCopier: Sendable {
  /// Blobs up to this size are read whole, checked, then stored with one request.
  static let wholeBlobBytes: Int64 = 4 << 20

  let target: any BlobStore
  /// Every configured store, by location.
  let stores: [LocationID: any BlobStore]
  let preference: [LocationID]
  let memory: TransferMemory
  let partsInFlight: Int

  /// A verified copy that the target holds and the catalog does not know yet.
  struct Copy: Sendable, Hashable {
    let key: ObjectKey
    let source: LocationID
    let bytesRead: Int64
    /// Copies found missing or wrong on the way.
    let rejected: [CopyFailure.RejectedSource]
  }

  /// Copies the job's blob from the first source that has it intact; throws when none does or the target fails.
  ///
  /// On cancellation throws `cancelled` after the parts in flight have ended; an unfinished object is given up.
  func copy(_ job: ReplicationJob) async throws(CopyFailure) -> Copy {
    if let present = job.placementAtTarget, present.state == .verified {
      return Copy(key: present.key, source: job.target, bytesRead: 0, rejected: [])
    }
    let sources = SourceOrder.sources(of: job, preference: preference)
    var rejected: [CopyFailure.RejectedSource] = []
    var lastError: StorageError?
    for source in sources {
      guard let store = stores[source.location] else { continue }
      do {
        let key = try await transfer(job, from: source, at: store)
        return Copy(key: key, source: source.location, bytesRead: job.sizeBytes, rejected: rejected)
      } catch let failure as SourceFailure {
        switch failure.error {
        case .cancelled: throw .cancelled
        case .objectMissing: rejected.append(.init(placement: source, reason: "the object is missing"))
        default: lastError = failure.error
        }
      } catch let failure as VerificationFailure {
        rejected.append(.init(placement: source, reason: failure.description))
      } catch let error as StorageError {
        throw error == .cancelled ? .cancelled : .target(error, rejected: rejected)
      } catch {
        throw .cancelled
      }
    }
    if let lastError { throw .sourcesUnavailable(last: lastError, rejected: rejected) }
    let unconfigured = sources.map(\.location).filter { stores[$0] == nil }
    if !unconfigured.isEmpty { throw .sourcesNotConfigured(unconfigured) }
    throw .noIntactSource(rejected)
  }

  /// Moves the bytes; throws `SourceFailure`, `VerificationFailure`, or the target's `StorageError`.
  private func transfer(
    _ job: ReplicationJob, from source: Placement, at store: any BlobStore
  ) async throws -> ObjectKey {
    let body: ObjectBody
    do {
      body = try await store.open(source.key, range: nil)
    } catch {
      throw SourceFailure(error: error)
    }
    guard body.objectSizeBytes == job.sizeBytes else {
      throw VerificationFailure.size(expectedBytes: job.sizeBytes, actualBytes: body.objectSizeBytes)
    }
    let key = ObjectKey.blob(storagePath: target.storagePath, identifier: RandomIdentifier())
    if job.sizeBytes <= Self.wholeBlobBytes {
      try await storeWhole(job, body: body, key: key)
    } else {
      try await storeInParts(job, body: body, key: key)
    }
    return key
  }

  private func storeWhole(_ job: ReplicationJob, body: ObjectBody, key: ObjectKey) async throws {
    let reservation = try await memory.reserve(job.sizeBytes)
    defer { reservation.release() }
    let bytes: [UInt8]
    do {
      bytes = try await body.collect(limitBytes: Int(Self.wholeBlobBytes))
    } catch {
      throw SourceFailure(error: error)
    }
    var hasher = ContentHasher(algorithm: job.digest.algorithm)
    hasher.update(bytes)
    try check(hasher, against: job)
    let stored = try await target.put(key, bytes: bytes, attributes: ObjectAttributes(digest: job.digest))
    guard stored.sizeBytes == job.sizeBytes else {
      throw StorageError.sizeMismatch(expectedBytes: job.sizeBytes, actualBytes: stored.sizeBytes)
    }
    // A store that acknowledged and kept nothing is found here, before a row says otherwise.
    guard let seen = try await target.head(key) else { throw StorageError.objectMissing(key) }
    guard seen.sizeBytes == job.sizeBytes else {
      throw StorageError.sizeMismatch(expectedBytes: job.sizeBytes, actualBytes: seen.sizeBytes)
    }
  }

  private func storeInParts(_ job: ReplicationJob, body: ObjectBody, key: ObjectKey) async throws {
    let plan = try PartPlan(limits: target.partLimits, totalBytes: job.sizeBytes)
    let upload = try await target.beginMultipart(key, attributes: ObjectAttributes(digest: job.digest))
    do {
      let pipeline = PartPipeline(
        store: target, upload: upload, plan: plan, partsInFlight: partsInFlight, memory: memory)
      let start = PartStart(hasher: ContentHasher(algorithm: job.digest.algorithm))
      let transfer = try await pipeline.run(SourceStream(body), from: start)
      try check(transfer.hasher, against: job)
      _ = try await target.completeMultipart(upload, parts: transfer.parts, sizeBytes: job.sizeBytes)
    } catch {
      await giveUp(upload)
      throw error
    }
  }

  private func check(_ hasher: ContentHasher, against job: ReplicationJob) throws(VerificationFailure) {
    guard hasher.count == job.sizeBytes else {
      throw .size(expectedBytes: job.sizeBytes, actualBytes: hasher.count)
    }
    let digest = hasher.digest()
    guard digest == job.digest else { throw .digest(expected: job.digest, actual: digest) }
  }

  /// Aborts in a task of its own, for the copy's task may be the cancelled one.
  private func giveUp(_ upload: MultipartUpload) async {
    let target = self.target
    await Task {
      // The first error is the one to report; an upload that stays behind is swept as stale.
      try? await target.abortMultipart(upload)
    }.value
  }
}
