import Shared

/// Copies one large blob in parts: several are fetched at once by ranges, hashed in order, and uploaded as they come.
///
/// Upholds I2 and I3: the upload is completed only once every byte is in the hash and the hash is the blob's digest.
/// The chunks a part arrived in are what is uploaded; they are never joined or copied here. Memory is reserved for each
/// part before it is fetched and given back once it is hashed and confirmed (I12).
struct PartsCopy: Sendable {
  /// Where a copy begins.
  struct Start: Sendable {
    let upload: MultipartUpload
    let window: PartWindow
    /// Whether bytes of an earlier attempt are among the parts.
    let isResumed: Bool
  }

  let context: CopyContext
  let job: ReplicationJob
  let reader: SourceReader

  /// Begins an upload under a fresh key and puts it on record.
  func begin() async throws(CopyStop) -> Start {
    let hasher = ContentHasher(algorithm: job.digest.algorithm)
    let key = ObjectKey.blob(storagePath: context.target.storagePath, identifier: RandomIdentifier())
    let upload: MultipartUpload
    let partBytes: Int64
    do {
      let plan = try PartPlan(
        limits: context.target.partLimits, totalBytes: job.sizeBytes, preferredPartBytes: context.policy.partBytes)
      partBytes = plan.firstPartBytes
      upload = try await context.target.beginMultipart(key, attributes: ObjectAttributes(digest: job.digest))
      context.limits.breakers.record(job.target, nil)
    } catch {
      context.limits.breakers.record(job.target, error)
      throw .atTarget(error)
    }
    let window = PartWindow(
      totalBytes: job.sizeBytes, partBytes: partBytes,
      limit: context.policy.window(partBytes: partBytes, memoryBytes: context.memory.largeCapacityBytes), hasher: hasher
    )
    guard let window else { throw .target(.tooLarge(limitBytes: context.target.partLimits.maximumPartBytes)) }
    let checkpoint = CopyCheckpoint(
      key: key, multipartID: upload.id, partBytes: partBytes, offsetBytes: 0, hashState: hasher.savedState(), parts: [])
    do {
      guard try await context.records.beginCheckpoint(checkpoint, of: job) else {
        await giveUp(upload)
        throw CopyStop.leaseLost
      }
    } catch let stop as CopyStop {
      throw stop
    } catch let error as CatalogError {
      // It may be on record all the same; a successor that goes on from it finds it gone and begins anew.
      await giveUp(upload)
      throw .records(error)
    } catch {
      throw .cancelled
    }
    return Start(upload: upload, window: window, isResumed: false)
  }

  /// Goes on from a checkpoint; throws `checkpointUseless` where it does not fit the job.
  func resume(_ checkpoint: CopyCheckpoint) throws(CopyStop) -> Start {
    let hasher: ContentHasher
    do {
      hasher = try ContentHasher(restoring: checkpoint.hashState)
    } catch {
      throw .checkpointUseless("its hash state cannot be read")
    }
    let window = PartWindow(
      totalBytes: job.sizeBytes, partBytes: checkpoint.partBytes,
      limit: context.policy.window(partBytes: checkpoint.partBytes, memoryBytes: context.memory.largeCapacityBytes),
      confirmed: checkpoint.parts.map { UploadedPart(number: $0.number, sizeBytes: $0.sizeBytes, tag: $0.tag) },
      hasher: hasher)
    guard let window, hasher.algorithm == job.digest.algorithm, hasher.count == checkpoint.offsetBytes else {
      throw .checkpointUseless("its parts, offset and hash do not fit each other")
    }
    return Start(
      upload: MultipartUpload(key: checkpoint.key, id: checkpoint.multipartID), window: window,
      isResumed: checkpoint.offsetBytes > 0)
  }

  /// Moves the bytes and completes the upload; returns its key.
  ///
  /// However it ends, what was confirmed is in the checkpoint as far as the catalog took it, and the upload stays for a
  /// later attempt; giving it up is the caller's decision. On cancellation throws `cancelled` after the transfers under
  /// way have ended.
  func run(from start: Start) async throws(CopyStop) -> ObjectKey {
    let outcome = await withTaskGroup(of: PartEvent.self, returning: Result<[UploadedPart], CopyStop>.self) { group in
      var drive = PartsDrive(copy: self, start: start)
      return await drive.run(&group)
    }
    let parts = try outcome.get()
    do {
      _ = try await context.target.completeMultipart(start.upload, parts: parts, sizeBytes: job.sizeBytes)
      context.limits.breakers.record(job.target, nil)
    } catch {
      context.limits.breakers.record(job.target, error)
      throw stop(for: error)
    }
    return start.upload.key
  }

  /// What the target's error means for the upload.
  func stop(for error: StorageError) -> CopyStop {
    switch error {
    case .uploadMissing: .checkpointUseless("the store does not know the upload any more")
    // Another worker, whose lease had run out, has replaced a part since; the recorded tags are of no use then.
    case .refused(_, "InvalidPart"), .refused(_, "InvalidPartOrder"), .refused(_, "EntityTooSmall"):
      .checkpointUseless("the store refused its parts: \(error)")
    default: .atTarget(error)
    }
  }

  /// Aborts in a task of its own, for the copy's task may be the cancelled one.
  private func giveUp(_ upload: MultipartUpload) async {
    let target = context.target
    await Task {
      // There is a better error to report already; an upload that stays behind is swept as stale.
      try? await target.abortMultipart(upload)
    }.value
  }
}
