internal import SharedModel

/// What the engines share where a service copies inside itself: the ranges, how many at a time, and how long it may take.
enum ServerSideCopy {
  private static let rangesAtOnce = 4
  /// The slowest a service is believed to copy.
  private static let slowestBytesPerSecond: Int64 = 10 << 20

  /// How long a service may be silent while it copies `bytes`.
  static func deadline(_ bytes: Int64, _ deadlines: StoreDeadlines) -> Duration {
    max(deadlines.heavy, .seconds(30 + bytes / slowestBytesPerSecond))
  }

  /// An object's consecutive ranges, each of `rangeBytes` but the last; none of an empty one.
  static func ranges(of sizeBytes: Int64, each rangeBytes: Int64) -> [ByteRange] {
    stride(from: 0, to: sizeBytes, by: Int(clamping: max(rangeBytes, 1))).compactMap { first in
      ByteRange(first: first, last: min(rangeBytes, sizeBytes - first) + first - 1)
    }
  }

  /// Makes a part of each range with `copy`, a few at a time; the parts in ascending order, numbered from 1.
  ///
  /// The first failure ends the others.
  static func parts(
    _ ranges: [ByteRange], copy: @escaping @Sendable (ByteRange, Int) async throws(StorageError) -> UploadedPart
  ) async throws(StorageError) -> [UploadedPart] {
    do {
      return try await withThrowingTaskGroup(of: UploadedPart.self) { group in
        var parts: [UploadedPart] = []
        for (index, range) in ranges.enumerated() {
          if index >= rangesAtOnce, let part = try await group.next() { parts.append(part) }
          group.addTask { try await copy(range, index + 1) }
        }
        for try await part in group { parts.append(part) }
        return parts.sorted { $0.number < $1.number }
      }
    } catch let error as StorageError {
      throw error
    } catch {
      // Nothing else is thrown in the group.
      throw .cancelled
    }
  }

  /// What came of `copy`, or nil where the service refuses: reading and writing may still be allowed, and say more where not.
  static func unlessRefused<Value: Sendable>(
    _ copy: () async throws(StorageError) -> Value
  ) async throws(StorageError) -> Value? {
    do {
      return try await copy()
    } catch {
      switch error {
      case .accessDenied, .refused, .unsupported: return nil
      default: throw error
      }
    }
  }
}

extension BlobStore {
  /// Makes the object at `key` of the parts that `copy` makes of an upload, which is given up where one fails.
  func copyInParts(
    to key: ObjectKey, sizeBytes: Int64, attributes: ObjectAttributes,
    _ copy: (MultipartUpload) async throws(StorageError) -> [UploadedPart]
  ) async throws(StorageError) -> StoredObject {
    let upload = try await beginMultipart(key, attributes: attributes)
    do {
      return try await completeMultipart(upload, parts: try await copy(upload), sizeBytes: sizeBytes)
    } catch {
      // In a task of its own, for this one may be the cancelled one.
      await Task {
        // The first error is the one to report; an upload that stays behind is swept as stale.
        try? await abortMultipart(upload)
      }.value
      throw error
    }
  }

  /// The object that a service says it has copied to `key`, once it was looked at.
  ///
  /// What the service made is as large as the source, whatever the caller took that to be.
  func copied(to key: ObjectKey, sizeBytes: Int64) async throws(StorageError) -> StoredObject {
    guard let object = try await head(key) else { throw .invalidResponse(detail: "copied, but there is no object") }
    guard object.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: object.sizeBytes)
    }
    return object
  }
}
