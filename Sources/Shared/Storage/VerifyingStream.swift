package import SharedModel

/// Why a stream was not what its reader expected.
package enum VerificationFailure: Error, Sendable, Equatable {
  /// The bytes hash to something else.
  case digest(expected: Digest, actual: Digest)
  /// More bytes came than expected, or fewer.
  case size(expectedBytes: Int64, actualBytes: Int64)
  /// The source failed before its end.
  case source(StorageError)
}

extension VerificationFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .digest(let expected, let actual): "the bytes hash to \(actual) where \(expected) was expected"
    case .size(let expected, let actual): "there are \(actual) bytes where \(expected) were expected"
    case .source(let error): error.description
    }
  }
}

/// Passes an object's bytes on while hashing them, and throws instead of ending where they are not the expected ones.
///
/// The last chunk is held back until the hash has been compared, so a consumer that has seen the end without an error
/// has verified bytes (invariants I2 and I3), and one that stops at the error never holds the whole of a wrong object.
package struct VerifyingStream: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = VerificationFailure

  private let body: ObjectBody
  private let digest: Digest
  private let sizeBytes: Int64?

  /// Verifies `body`, which must be the whole object, against a digest and, where it is known, a size.
  package init(_ body: ObjectBody, digest: Digest, sizeBytes: Int64? = nil) {
    self.body = body
    self.digest = digest
    self.sizeBytes = sizeBytes
  }

  /// Reads to the end, keeping nothing; throws where the bytes are not the expected ones.
  package func verify() async throws(VerificationFailure) {
    var iterator = makeAsyncIterator()
    while try await iterator.next(isolation: nil) != nil {}
  }

  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(source: body.makeAsyncIterator(), digest: digest, sizeBytes: sizeBytes)
  }

  /// Reads one chunk ahead of what it hands out.
  package struct AsyncIterator: AsyncIteratorProtocol {
    private var source: ObjectBody.AsyncIterator
    private let digest: Digest
    private let sizeBytes: Int64?
    private var hasher: ContentHasher
    private var held: [UInt8]?
    private var isDone = false

    fileprivate init(source: ObjectBody.AsyncIterator, digest: Digest, sizeBytes: Int64?) {
      self.source = source
      self.digest = digest
      self.sizeBytes = sizeBytes
      hasher = ContentHasher(algorithm: digest.algorithm)
    }

    package mutating func next() async throws(VerificationFailure) -> [UInt8]? { try await next(isolation: nil) }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(VerificationFailure) -> [UInt8]? {
      guard !isDone else { return nil }
      while true {
        guard let chunk = try await nextOfSource() else { return try end() }
        hasher.update(chunk)
        if let sizeBytes, hasher.count > sizeBytes {
          isDone = true
          throw .size(expectedBytes: sizeBytes, actualBytes: hasher.count)
        }
        let previous = held
        held = chunk
        if let previous { return previous }
      }
    }

    private mutating func nextOfSource() async throws(VerificationFailure) -> [UInt8]? {
      do {
        return try await source.next()
      } catch {
        isDone = true
        throw .source(error)
      }
    }

    private mutating func end() throws(VerificationFailure) -> [UInt8]? {
      isDone = true
      if let sizeBytes, hasher.count != sizeBytes {
        throw .size(expectedBytes: sizeBytes, actualBytes: hasher.count)
      }
      let actual = hasher.digest()
      guard actual == digest else { throw .digest(expected: digest, actual: actual) }
      return held
    }
  }
}
