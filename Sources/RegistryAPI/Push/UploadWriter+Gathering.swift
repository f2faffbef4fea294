import Shared

/// What was read of a request before anything of it went to the store.
enum GatheredBody: Sendable {
  /// The whole body, after the session's tail.
  case all(PartContent)
  /// The first part's bytes, after the session's tail, and the end of the chunk that filled it.
  case begun(BegunPart, ahead: [UInt8])
}

extension UploadWriter {
  /// Reads ahead up to what would be the first part, so that small uploads never become multipart ones.
  ///
  /// Holds only what has arrived, and in the spool where memory is short: the client may take as long as it likes
  /// (security rule 19). `hasher` is brought up to the end of what was gathered, without the part that is ahead.
  func gather(_ source: UploadSource, hasher: inout ContentHasher) async throws -> GatheredBody {
    let plan = try PartPlan(limits: store.partLimits)
    let wanted = max(min(PartPlan.usualPartBytes, plan.firstPartBytes) - (session.tail?.sizeBytes ?? 0), 1)
    var buffer = PartBuffer(room: room)
    while let chunk = try await source.next() {
      let piece = chunk.prefix(Int(clamping: wanted - buffer.sizeBytes))
      piece.withUnsafeBytes { hasher.update($0) }
      try await buffer.append(piece)
      if buffer.sizeBytes >= wanted {
        return .begun(BegunPart(buffer), ahead: Array(chunk.dropFirst(piece.count)))
      }
    }
    return .all(buffer.content(after: carried))
  }

  /// The bytes of the tail object, for as long as it is the session's; read when they are needed.
  var carried: CarriedBytes? {
    session.tail.map { [store] tail in
      // Without parts the tail is all that was hashed; else what it hashes to is on record with the object.
      let whole = session.parts.isEmpty ? Self.digest(of: session.hashState) : nil
      return CarriedBytes(sizeBytes: tail.sizeBytes) { () async throws(StorageError) in
        try await store.open(tail.key, range: nil)
      } digest: { () async throws(StorageError) in
        if let whole { return whole }
        return try await store.head(tail.key)?.digest
      }
    }
  }

  private static func digest(of hashState: [UInt8]) -> Digest? {
    // A damaged state fails where the hash goes on from it, which says so; here it only means that nothing is known.
    (try? ContentHasher(restoring: hashState))?.digest()
  }

  /// Stores `content` as one object under a fresh key; `digest` is what its bytes hash to, which the store compares.
  mutating func put(_ content: PartContent, digest: ([UInt8]) -> Digest) async throws -> StoredObject {
    let loaded = try await content.load(sending: room.sending, joined: true)
    defer { loaded.release() }
    let bytes = loaded.bytes
    return try await put(bytes, attributes: ObjectAttributes(digest: digest(bytes)))
  }

  /// Stores `bytes` as one object under a fresh key.
  mutating func put(_ bytes: [UInt8], attributes: ObjectAttributes) async throws -> StoredObject {
    try await whereItWorks { store, _ async throws(StorageError) in
      try await store.put(
        ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier()), bytes: bytes,
        attributes: attributes)
    }
  }
}
