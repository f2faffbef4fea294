import Shared

/// Opens the first copy of a blob that begins to answer in time (G5, before the first byte).
///
/// The next copy is tried as soon as one has failed, and beside one that is slow: whichever gives its first bytes first is
/// served, and the others are given up. So a store that hangs costs a client `patience` once, not a deadline.
struct CopyOpening: Sendable {
  /// How long one copy is waited for before the next one is tried beside it.
  static let patience = Duration.seconds(1)
  /// What a copy that was overtaken is said to have failed in.
  static let slowPhase = "first bytes"

  /// A copy that has begun to answer.
  struct Opened: Sendable {
    let placement: Placement
    let body: ObjectBody
    /// The first bytes; nil where there are none to come.
    let first: [UInt8]?

    /// All bytes of the body, where they have come at once already.
    var whole: [UInt8]? {
      let bytes = first ?? []
      return Int64(bytes.count) == body.contentLengthBytes ? bytes : nil
    }
  }

  /// What became of a copy that was not served.
  struct Failed: Sendable {
    let placement: Placement
    let error: StorageError
  }

  private enum Event: Sendable {
    case opened(Opened)
    case failed(Failed)
    case isLate
  }

  let stores: [LocationID: any BlobStore]
  /// The size every copy must have.
  let sizeBytes: Int64
  var patience = Self.patience

  /// Opens one of `candidates`, best first, from an offset or for a part.
  ///
  /// `onFailure` is told of each copy that failed. Throws the last failure where none can be opened, `unreachable` where
  /// there is none at all, and `cancelled`.
  func open(
    _ candidates: [Placement], range: ByteRange?, onFailure: (Failed) -> Void
  ) async throws(StorageError) -> Opened {
    let result = await withTaskGroup(of: Event.self) { group -> Result<Opened, StorageError> in
      defer { group.cancelAll() }
      var waiting = candidates[...]
      var running: [Placement] = []
      var lastError = StorageError.unreachable(detail: "no copy is left")
      func tryNext() {
        guard let next = waiting.popFirst() else { return }
        running.append(next)
        group.addTask { await Self.open(next, at: stores[next.location], range: range, sizeBytes: sizeBytes) }
        guard !waiting.isEmpty else { return }
        group.addTask {
          // Cancelled once a copy has answered; the event is not looked at then.
          try? await ContinuousClock().sleep(for: patience)
          return .isLate
        }
      }
      tryNext()
      while !running.isEmpty, let event = await group.next() {
        switch event {
        case .opened(let opened):
          // Those that were asked earlier have let this one overtake them.
          for placement in running.prefix(while: { $0 != opened.placement }) {
            onFailure(Failed(placement: placement, error: .timedOut(phase: Self.slowPhase)))
          }
          return .success(opened)
        case .failed(let failed):
          running.removeAll { $0 == failed.placement }
          lastError = failed.error
          if case .cancelled = failed.error { return .failure(.cancelled) }
          onFailure(failed)
          tryNext()
        case .isLate:
          if Task.isCancelled { return .failure(.cancelled) }
          tryNext()
        }
      }
      return .failure(lastError)
    }
    return try result.get()
  }

  private static func open(
    _ placement: Placement, at store: (any BlobStore)?, range: ByteRange?, sizeBytes: Int64
  ) async -> Event {
    do throws(StorageError) {
      guard let store else { throw .unreachable(detail: "the location is not configured") }
      let body = try await store.open(placement.key, range: range)
      guard body.objectSizeBytes == sizeBytes else {
        throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: body.objectSizeBytes)
      }
      var iterator = body.makeAsyncIterator()
      return .opened(Opened(placement: placement, body: body, first: try await iterator.next()))
    } catch {
      return .failed(Failed(placement: placement, error: error))
    }
  }
}
