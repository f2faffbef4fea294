import Shared

/// Reads a blob, or a part of it, from the best source that has it.
///
/// Every source is tried, in the board's order, before any is tried again. Those whose breaker is open are left out. What
/// is learnt goes to the board, the breakers and the link.
struct SourceReader: Sendable {
  let context: CopyContext
  let job: ReplicationJob
  let board: SourceBoard
  let progress: CopyProgress

  /// The bytes of `range`, or the whole blob, as the chunks they came in, and where they came from.
  ///
  /// Throws `sources` where none could be read, and `cancelled`.
  func read(_ range: ByteRange?) async throws(CopyStop) -> (chunks: [[UInt8]], source: Placement) {
    var last: StorageError?
    for round in 0..<max(context.policy.sourceRounds, 1) {
      if round > 0 { await context.pause(context.policy.roundPause * (Double(round) * Double.random(in: 0.5...1))) }
      var isAnyAsked = false
      for source in board.candidates {
        guard !Task.isCancelled else { throw .cancelled }
        guard let store = context.stores[source.location], context.limits.breakers.allows(source.location) else {
          continue
        }
        isAnyAsked = true
        do {
          let chunks = try await read(range, from: source, at: store)
          context.limits.breakers.record(source.location, nil)
          board.succeeded(source)
          return (chunks, source)
        } catch {
          context.limits.breakers.record(source.location, error)
          guard error != .cancelled else { throw .cancelled }
          last = error
          await note(error, of: source, at: store)
        }
      }
      if board.candidates.isEmpty { break }
      // A small blob does not hold its slot while it waits for breakers; a part waits, for its copy has come some way.
      if range == nil, !isAnyAsked { break }
    }
    throw Task.isCancelled ? .cancelled : .sources(board.candidates.isEmpty ? nil : last ?? Self.leftAlone)
  }

  /// What is said of sources that were not asked because their breakers are open.
  private static let leftAlone = StorageError.unreachable(detail: "the store fails and is left alone for a while")

  private func read(
    _ range: ByteRange?, from source: Placement, at store: any BlobStore
  ) async throws(StorageError) -> [[UInt8]] {
    let expected = range?.count ?? job.sizeBytes
    do {
      try await context.limits.pacing.admit(bytes: expected, to: job.target)
    } catch {
      throw .cancelled
    }
    let body = try await store.open(source.key, range: range)
    guard body.objectSizeBytes == job.sizeBytes, body.contentLengthBytes == expected else {
      throw .sizeMismatch(expectedBytes: job.sizeBytes, actualBytes: body.objectSizeBytes)
    }
    let link = context.links.link(from: source.location, to: job.target)
    var chunks: [[UInt8]] = []
    var received: Int64 = 0
    var iterator = body.makeAsyncIterator()
    while let chunk = try await iterator.next() {
      received += Int64(chunk.count)
      guard received <= expected else { throw .invalidResponse(detail: "more bytes than promised") }
      progress.read(Int64(chunk.count), from: source.location)
      link.transferred(Int64(chunk.count))
      chunks.append(chunk)
    }
    guard received == expected else { throw .truncated(expectedBytes: expected, receivedBytes: received) }
    return chunks
  }

  /// Decides whether the source lacks the bytes or only failed.
  private func note(_ error: StorageError, of source: Placement, at store: any BlobStore) async {
    switch error {
    case .objectMissing:
      board.reject(source, "the object is missing")
    case .sizeMismatch(let expected, let actual):
      board.reject(source, "the object has \(actual) bytes where \(expected) were expected")
    case .refused(416, _):
      // The range lies beyond the object's end, or the store cannot do ranges: its size tells.
      await checkSize(of: source, at: store)
    default:
      board.failed(source)
      context.links.link(from: source.location, to: job.target).failed(error)
    }
  }

  private func checkSize(of source: Placement, at store: any BlobStore) async {
    do {
      guard let object = try await store.head(source.key) else {
        board.reject(source, "the object is missing")
        return
      }
      guard object.sizeBytes == job.sizeBytes else {
        board.reject(source, "the object has \(object.sizeBytes) bytes where \(job.sizeBytes) were expected")
        return
      }
      board.failed(source)
    } catch {
      // What the refusal means stays open; the next attempt asks again.
      board.failed(source)
    }
  }
}
