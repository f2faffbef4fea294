package import SharedModel

/// The name of an upload session: unguessable, minted by the API.
package typealias UploadID = RandomIdentifier

/// A part the store has confirmed, as the session remembers it.
package struct UploadPartRecord: Sendable, Hashable {
  /// From 1, ascending.
  package let number: Int
  package let sizeBytes: Int64
  /// What the completion must name the part by; a single line.
  package let tag: String

  /// Describes a part.
  package init(number: Int, sizeBytes: Int64, tag: String) {
    self.number = number
    self.sizeBytes = sizeBytes
    self.tag = tag
  }
}

/// What is left below a part at the end of a chunk, kept as an object of its own (D11).
package struct UploadTail: Sendable, Hashable {
  package let key: ObjectKey
  package let sizeBytes: Int64

  /// Describes a tail.
  package init(key: ObjectKey, sizeBytes: Int64) {
    self.key = key
    self.sizeBytes = sizeBytes
  }
}

/// An upload in progress, as any instance in any region can continue it (D3, R2).
package struct UploadSession: Sendable, Hashable {
  package let id: UploadID
  package let repository: RepositoryID
  package let principal: String
  /// The location all its bytes go to.
  package private(set) var location: LocationID
  /// The key the object will have.
  package private(set) var key: ObjectKey
  package let createdAtMs: Int64
  /// The bytes taken so far.
  package var offsetBytes: Int64
  /// The saved state of the hash over exactly `offsetBytes` bytes.
  package var hashState: [UInt8]
  /// The store's name of the multipart upload, once begun.
  package var multipartID: String?
  /// The confirmed parts in ascending order.
  package private(set) var parts: [UploadPartRecord]
  /// The parts added since the session was read, which the next checkpoint writes.
  package private(set) var unsavedParts: [UploadPartRecord] = []
  package var tail: UploadTail?
  /// Counts the checkpoints.
  package var version: Int64

  /// Describes a session.
  package init(
    id: UploadID, repository: RepositoryID, principal: String, location: LocationID, key: ObjectKey,
    createdAtMs: Int64 = 0, offsetBytes: Int64 = 0, hashState: [UInt8], multipartID: String? = nil,
    parts: [UploadPartRecord] = [], tail: UploadTail? = nil, version: Int64 = 0
  ) {
    self.id = id
    self.repository = repository
    self.principal = principal
    self.location = location
    self.key = key
    self.createdAtMs = createdAtMs
    self.offsetBytes = offsetBytes
    self.hashState = hashState
    self.multipartID = multipartID
    self.parts = parts
    self.tail = tail
    self.version = version
  }
}

extension UploadSession {
  /// Adds a part the store has confirmed, replacing an earlier one of the same number.
  package mutating func add(_ part: UploadPartRecord) {
    parts = Self.merging(parts, part)
    unsavedParts = Self.merging(unsavedParts, part)
  }

  /// Whether nothing of it is in a store yet.
  package var isEmpty: Bool { offsetBytes == 0 && multipartID == nil && tail == nil }

  /// The same session, of which nothing is stored, at another location.
  func moved(to location: LocationID, key: ObjectKey) -> UploadSession {
    var session = self
    session.location = location
    session.key = key
    return session
  }

  /// The same session as it stands after a checkpoint.
  func saved(version: Int64) -> UploadSession {
    var session = self
    session.unsavedParts = []
    session.version = version
    return session
  }

  /// The same session with its parts read again.
  func with(parts: [UploadPartRecord]) -> UploadSession {
    var session = self
    session.parts = parts
    return session
  }

  private static func merging(_ parts: [UploadPartRecord], _ part: UploadPartRecord) -> [UploadPartRecord] {
    guard let last = parts.last, last.number >= part.number else { return parts + [part] }
    return (parts.filter { $0.number != part.number } + [part]).sorted { $0.number < $1.number }
  }
}

/// The answer to a request for the lock of an upload session.
package enum UploadLock: Sendable, Hashable {
  case locked(UploadSession)
  /// Another request is writing to the session.
  case busy
  /// There is no such session for this principal in this repository.
  case unknown
}
