internal import SharedModel

/// Tries everything the product asks of a store, with objects of its own that it removes again.
///
/// One step after another, each within a deadline; what cannot succeed any more is not tried. About 6 MB are written.
package struct StoreTrial: Sendable {
  /// What is tried, in this order.
  package enum Step: String, Sendable, Hashable, CaseIterable {
    /// The address answers, and bucket and credentials are right.
    case reach
    case write, read, range, multipart
    /// A presigned URL gives the bytes to whoever bears it.
    case presign
    case delete
  }

  /// How a step went.
  package enum Outcome: Sendable, Equatable {
    case succeeded(Duration)
    case failed(StorageError, Duration)
    /// The engine has no such thing, and is used without it.
    case notOffered
    /// An earlier failure makes it pointless.
    case notTried
  }

  /// One step and how it went.
  package struct Finding: Sendable, Equatable {
    package let step: Step
    package let outcome: Outcome
  }

  private static let objectBytes = 64 << 10
  /// Larger first parts than this are not asked for: then one part has to do.
  private static let largestPartBytes: Int64 = 64 << 20

  private let store: any BlobStore
  private let deadline: Duration
  private let caBundlePath: String?

  /// Tries `store`, giving each step at most `deadline`; presigned URLs are fetched trusting `caBundlePath`, the system's
  /// authorities where nil.
  package init(_ store: any BlobStore, deadline: Duration = .seconds(20), caBundlePath: String? = nil) {
    self.store = store
    self.deadline = deadline
    self.caBundlePath = caBundlePath
  }

  /// Runs every step and says how each went; failures are findings, so nothing is thrown.
  ///
  /// A cancelled trial ends soon with `cancelled` in what was left; what it wrote is an orphan the sweep removes.
  package func run() async -> [Finding] {
    var findings: [Finding] = []
    func note(_ step: Step, _ outcome: Outcome) { findings.append(Finding(step: step, outcome: outcome)) }

    let reach = await attempt { store throws(StorageError) in try await store.probe() }
    note(.reach, reach)
    if case .failed(let error, _) = reach, !Self.leavesHope(error) {
      for step in Step.allCases.dropFirst() { note(step, .notTried) }
      return findings
    }
    let (small, large) = (freshKey(), freshKey())
    let bytes = Self.pattern(Self.objectBytes)
    let write = await attempt { store throws(StorageError) in
      _ = try await store.put(small, bytes: bytes, attributes: ObjectAttributes(digest: Digest(of: bytes)))
    }
    note(.write, write)
    guard case .succeeded = write else {
      for step in [Step.read, .range] { note(step, .notTried) }
      note(.multipart, await multipart(large))
      note(.presign, .notTried)
      note(.delete, await delete([small, large]))
      return findings
    }
    note(.read, await read(small, range: nil, expecting: bytes))
    note(.range, await read(small, range: ByteRange(first: 1_000, last: 2_999), expecting: Array(bytes[1_000..<3_000])))
    note(.multipart, await multipart(large))
    note(.presign, await presign(small, expecting: Array(bytes[1_000..<3_000])))
    note(.delete, await delete([small, large]))
    return findings
  }

  /// Whether other steps may succeed though the bucket itself could not be asked for: a policy may forbid just that.
  private static func leavesHope(_ error: StorageError) -> Bool {
    switch error {
    case .accessDenied, .refused, .unsupported, .slowDown, .unavailable: true
    default: false
    }
  }

  private func freshKey() -> ObjectKey { .blob(storagePath: store.storagePath, identifier: RandomIdentifier()) }

  private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }
}

// MARK: - Steps

extension StoreTrial {
  private func read(_ key: ObjectKey, range: ByteRange?, expecting bytes: [UInt8]) async -> Outcome {
    await attempt { store throws(StorageError) in
      let found = try await store.open(key, range: range).collect(limitBytes: bytes.count)
      guard found == bytes else { throw .invalidResponse(detail: "other bytes came back than were written") }
    }
  }

  private func multipart(_ key: ObjectKey) async -> Outcome {
    await attempt { store throws(StorageError) in
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      do throws(StorageError) {
        try await Self.fill(upload, in: store)
      } catch {
        // In a task of its own, for this one may have run out of time; the first error is the one to report, and an upload
        // that stays behind is swept as stale.
        await Task { try? await store.abortMultipart(upload) }.value
        throw error
      }
    }
  }

  private static func fill(_ upload: MultipartUpload, in store: any BlobStore) async throws(StorageError) {
    let tail = pattern(1_000)
    let firstBytes = max(store.partLimits.minimumPartBytes, 1)
    var parts: [UploadedPart] = []
    if firstBytes <= largestPartBytes {
      parts.append(
        try await store.uploadPart(upload, number: 1, slices: [[UInt8](repeating: 7, count: Int(firstBytes))]))
    }
    parts.append(try await store.uploadPart(upload, number: parts.count + 1, slices: [tail]))
    let size = parts.reduce(0) { $0 + $1.sizeBytes }
    _ = try await store.completeMultipart(upload, parts: parts, sizeBytes: size)
    guard let range = ByteRange(first: size - Int64(tail.count), last: size - 1) else { return }
    let found = try await store.open(upload.key, range: range).collect(limitBytes: tail.count)
    guard found == tail else { throw .invalidResponse(detail: "the joined object has other bytes") }
  }

  private func presign(_ key: ObjectKey, expecting bytes: [UInt8]) async -> Outcome {
    let url: String?
    do throws(StorageError) { url = try store.presignedGet(key, lifetime: .seconds(60)) } catch {
      return .failed(error, .zero)
    }
    guard let url else { return .notOffered }
    return await attempt { [caBundlePath, deadline] _ throws(StorageError) in
      let found = try await PresignedFetch(caBundlePath: caBundlePath, deadline: deadline)
        .range(of: url, first: 1_000, count: bytes.count)
      guard found == bytes else { throw .invalidResponse(detail: "the presigned URL gives other bytes") }
    }
  }

  private func delete(_ keys: [ObjectKey]) async -> Outcome {
    await attempt { store throws(StorageError) in
      for key in keys { try await store.delete(key) }
      for key in keys {
        guard try await store.head(key) == nil else {
          throw .invalidResponse(detail: "the object is still there after its deletion")
        }
      }
    }
  }

  /// Runs one step, timed and within the deadline.
  private func attempt(_ step: @escaping @Sendable (any BlobStore) async throws(StorageError) -> Void) async -> Outcome
  {
    let clock = ContinuousClock()
    let start = clock.now
    let failure: StorageError? = await withTaskGroup(of: StorageError?.self) { group in
      group.addTask { [store] in
        do throws(StorageError) {
          try await step(store)
          return nil
        } catch {
          return error
        }
      }
      group.addTask { [deadline] in
        do { try await Task.sleep(for: deadline) } catch { return .cancelled }
        return .timedOut(phase: "the whole step")
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    let took = clock.now - start
    return failure.map { .failed($0, took) } ?? .succeeded(took)
  }
}
