import Shared

/// An object that holds exactly a blob's bytes, confirmed by its store and not yet on record.
struct FinishedObject: Sendable {
  let location: LocationID
  let key: ObjectKey
  let sizeBytes: Int64
}

extension UploadWriter {
  /// Makes the session's bytes and the rest of them, which the request may bring, one object that matches `digest`.
  ///
  /// Writes nothing twice that need not be (D11). Nothing is recorded on the way, so a failure leaves the session where
  /// it was, except for a digest that does not match: that throws `digestMismatch`, and the caller ends the session.
  mutating func finish(_ reader: RequestBodyReader, digest: Digest) async throws -> FinishedObject {
    if session.offsetBytes == 0, session.multipartID == nil {
      let stores = [store] + (session.isEmpty ? elsewhere : [])
      if let whole = try await WholeObjectWriter(stores: stores, room: room).write(reader, digest: digest) {
        return whole
      }
    }
    // Where nothing is hashed yet, the client's digest says how to.
    var hasher =
      session.offsetBytes == 0
      ? ContentHasher(algorithm: digest.algorithm) : try ContentHasher(restoring: session.hashState)
    if reader.isAtEnd { return try await finishStored(hasher: hasher, digest: digest) }
    let source = UploadSource(reader, onBreak: .fails)
    guard session.multipartID == nil else {
      return try await finishLarge(UploadChunks(ahead: [], source: source), begun: nil, hasher: hasher, digest: digest)
    }
    switch try await gather(source, hasher: &hasher) {
    case .all(let content): return try await finishSmall(content, hasher: hasher, digest: digest)
    case .begun(let part, let ahead):
      return try await finishLarge(
        UploadChunks(ahead: ahead, source: source), begun: part, hasher: hasher, digest: digest)
    }
  }

  /// Nothing more comes: the tail is the blob, or the last part.
  private mutating func finishStored(hasher: ContentHasher, digest: Digest) async throws -> FinishedObject {
    try require(hasher, matches: digest)
    guard session.multipartID != nil else {
      guard let tail = session.tail else {
        return try await finishSmall(PartBuffer(room: room).content(), hasher: hasher, digest: digest)
      }
      return try await verified(tail.key, sizeBytes: tail.sizeBytes, hashed: hasher, digest: digest)
    }
    let upload = try await multipartUpload()
    var parts = session.parts.map { UploadedPart($0) }
    if let tail = session.tail {
      parts.append(
        try await store.copyPart(upload, number: nextPartNumber, from: tail.key, sizeBytes: tail.sizeBytes))
    }
    return try await complete(upload, parts: parts, hasher: hasher, digest: digest)
  }

  /// Little more comes: one object from the tail and the request.
  private mutating func finishSmall(
    _ content: PartContent, hasher: ContentHasher, digest: Digest
  ) async throws -> FinishedObject {
    try require(hasher, matches: digest)
    let loaded = try await content.load(sending: room.sending, joined: true)
    defer { loaded.release() }
    if hasher.algorithm != digest.algorithm {
      let actual = Digest(of: loaded.bytes, algorithm: digest.algorithm)
      guard actual == digest else { throw OCIFailure.digestMismatch(expected: digest, actual: actual) }
    }
    let stored = try await put(loaded.bytes, attributes: ObjectAttributes(digest: digest))
    return FinishedObject(location: store.location, key: stored.key, sizeBytes: stored.sizeBytes)
  }

  /// Much more comes: parts until the end.
  private mutating func finishLarge(
    _ chunks: UploadChunks, begun: BegunPart?, hasher: ContentHasher, digest: Digest
  ) async throws -> FinishedObject {
    let upload = try await multipartUpload()
    let start = PartStart(nextPartNumber: nextPartNumber, hasher: hasher, carried: carried, begun: begun)
    let transfer = try await pipeline(into: upload).run(chunks, from: start, tail: .upload)
    try require(transfer.hasher, matches: digest)
    let parts = session.parts.map { UploadedPart($0) } + transfer.parts
    return try await complete(upload, parts: parts, hasher: transfer.hasher, digest: digest)
  }

  private func complete(
    _ upload: MultipartUpload, parts: [UploadedPart], hasher: ContentHasher, digest: Digest
  ) async throws -> FinishedObject {
    let stored = try await store.completeMultipart(upload, parts: parts, sizeBytes: hasher.count)
    return try await verified(upload.key, sizeBytes: stored.sizeBytes, hashed: hasher, digest: digest)
  }

  private func require(_ hasher: ContentHasher, matches digest: Digest) throws(OCIFailure) {
    guard hasher.algorithm == digest.algorithm else { return }
    let actual = hasher.digest()
    guard actual == digest else { throw .digestMismatch(expected: digest, actual: actual) }
  }

  /// Reads stored bytes again where the client's digest is of another algorithm than was hashed with (wire check 77).
  private func verified(
    _ key: ObjectKey, sizeBytes: Int64, hashed: ContentHasher, digest: Digest
  ) async throws -> FinishedObject {
    if hashed.algorithm != digest.algorithm {
      let body = try await store.open(key, range: nil)
      try await VerifyingStream(body, digest: digest, sizeBytes: sizeBytes).verify()
    }
    return FinishedObject(location: store.location, key: key, sizeBytes: sizeBytes)
  }
}
