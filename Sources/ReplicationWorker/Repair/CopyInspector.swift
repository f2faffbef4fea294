import Shared

/// Looks at single copies in one store: whether they are there, and what their bytes hash to.
struct CopyInspector: Sendable {
  /// Bytes are read in ranges of this size, so that a slow pace never holds a request open.
  static let rangeBytes: Int64 = 8 << 20

  let store: any BlobStore
  /// Awaited before so many bytes are read.
  var admit: @Sendable (Int64) async throws -> Void = { _ in }

  /// Looks at a copy; a failure of the store is a finding, cancellation throws.
  func look(at copy: PlacedBlob, _ depth: VerificationDepth) async throws -> CopyFinding {
    do throws(StorageError) {
      guard let object = try await store.head(copy.placement.key) else { return .missing }
      guard object.sizeBytes == copy.sizeBytes else { return .wrongSize(actualBytes: object.sizeBytes) }
    } catch {
      if case .cancelled = error { throw CancellationError() }
      return .unknown(error)
    }
    return depth == .presence ? .good : try await hash(copy)
  }

  /// Looks at many copies, `parallel` at a time.
  func lookAtAll(
    _ copies: [PlacedBlob], _ depth: VerificationDepth, parallel: Int
  ) async throws -> [(PlacedBlob, CopyFinding)] {
    try await withThrowingTaskGroup(of: (PlacedBlob, CopyFinding).self) { group in
      var found: [(PlacedBlob, CopyFinding)] = []
      var waiting = copies[...]
      for _ in 0..<max(1, parallel) {
        guard let copy = waiting.popFirst() else { break }
        group.addTask { (copy, try await look(at: copy, depth)) }
      }
      while let item = try await group.next() {
        found.append(item)
        guard let copy = waiting.popFirst() else { continue }
        group.addTask { (copy, try await look(at: copy, depth)) }
      }
      return found
    }
  }

  private func hash(_ copy: PlacedBlob) async throws -> CopyFinding {
    var hasher = ContentHasher(algorithm: copy.digest.algorithm)
    while let range = ByteRange(
      first: hasher.count, last: min(copy.sizeBytes, hasher.count + Self.rangeBytes) - 1)
    {
      try await admit(range.count)
      do throws(StorageError) {
        let body = try await store.open(copy.placement.key, range: range)
        guard body.objectSizeBytes == copy.sizeBytes else { return .wrongSize(actualBytes: body.objectSizeBytes) }
        for try await chunk in body { hasher.update(chunk) }
      } catch {
        switch error {
        case .cancelled: throw CancellationError()
        case .objectMissing: return .missing
        default: return .unknown(error)
        }
      }
    }
    let actual = hasher.digest()
    return actual == copy.digest ? .good : .wrongContent(actual: actual)
  }
}
