import Shared

/// What went wrong while reading from a source, told apart from what went wrong while writing to the target.
struct SourceFailure: Error, Sendable {
  let error: StorageError
}

/// A source's bytes whose errors are marked as the source's.
struct SourceStream: AsyncSequence, Sendable {
  typealias Element = [UInt8]
  typealias Failure = SourceFailure

  private let body: ObjectBody

  /// Wraps the body of an opened source.
  init(_ body: ObjectBody) { self.body = body }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: body.makeAsyncIterator()) }

  /// Passes chunks on as they are.
  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: ObjectBody.AsyncIterator

    mutating func next(isolation actor: isolated (any Actor)?) async throws(SourceFailure) -> [UInt8]? {
      do {
        return try await base.next(isolation: actor)
      } catch {
        throw SourceFailure(error: error)
      }
    }
  }
}
