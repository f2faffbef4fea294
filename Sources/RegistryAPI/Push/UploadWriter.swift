import Shared

/// Writes the bytes of requests into one locked upload session (decisions D3 and D11).
///
/// The session's row always describes exactly what is durable: the parts the store has confirmed, the tail object, and
/// the hash over precisely those bytes. Whatever a failed request leaves beyond that is overwritten or deleted later.
struct UploadWriter {
  let catalog: Catalog
  private(set) var store: any BlobStore
  /// Where the session may go while nothing of it is stored, best first.
  private(set) var elsewhere: [any BlobStore]
  let token: RandomIdentifier
  let room: TransferRoom
  let deletions: ObjectDeletions
  private(set) var session: UploadSession

  /// Takes over a locked session, whose bytes are in `store`.
  init(
    session: UploadSession, token: RandomIdentifier, store: any BlobStore, elsewhere: [any BlobStore] = [],
    catalog: Catalog, room: TransferRoom, deletions: ObjectDeletions
  ) {
    self.session = session
    self.token = token
    self.store = store
    self.elsewhere = elsewhere
    self.catalog = catalog
    self.room = room
    self.deletions = deletions
  }

  /// Appends a request's body; when it returns, every byte is durable and recorded.
  ///
  /// Throws what reading, storing or recording throws. Where the client went away, what had arrived until then is durable
  /// and recorded as well; where the store or the catalog failed, the session stands at its last checkpoint (wire check 73).
  mutating func append(_ reader: RequestBodyReader) async throws {
    let source = UploadSource(reader, onBreak: .keepsWhatArrived)
    try await append(source)
    if let failure = source.brokenBy { throw failure }
  }

  private mutating func append(_ source: UploadSource) async throws {
    var start = PartStart(nextPartNumber: nextPartNumber, hasher: try ContentHasher(restoring: session.hashState))
    var ahead: [UInt8] = []
    if session.multipartID == nil {
      let gathered = try await gather(source, hasher: &start.hasher)
      switch gathered {
      case .all(let content): return try await storeTail(content, hasher: start.hasher)
      case .begun(let part, let rest): (start.begun, ahead) = (part, rest)
      }
    }
    let upload = try await multipartUpload()
    start.carried = carried
    let transfer = try await pipeline(into: upload).run(
      UploadChunks(ahead: ahead, source: source), from: start, tail: .handBack
    ) { checkpoint in
      session.add(UploadPartRecord(checkpoint.part))
      session.offsetBytes = checkpoint.endOffsetBytes
      session.hashState = checkpoint.hasher.savedState()
      session.tail = nil
      try await self.checkpoint()
    }
    if let tail = transfer.tail { try await storeTail(tail, hasher: transfer.hasher) }
  }

  /// The number the next part has.
  var nextPartNumber: Int { (session.parts.last?.number ?? 0) + 1 }

  /// The multipart upload of the session, begun and recorded now where there was none.
  mutating func multipartUpload() async throws -> MultipartUpload {
    if let id = session.multipartID { return MultipartUpload(key: session.key, id: id) }
    let upload = try await whereItWorks { store, session async throws(StorageError) in
      try await store.beginMultipart(session.key, attributes: ObjectAttributes())
    }
    session.multipartID = upload.id
    do {
      try await checkpoint()
    } catch {
      deletions.schedule(.multipart(upload), at: session.location)
      throw error
    }
    return upload
  }

  /// The way of parts into `upload`.
  func pipeline(into upload: MultipartUpload) throws(StorageError) -> PartPipeline {
    PartPipeline(store: store, upload: upload, plan: try PartPlan(limits: store.partLimits), room: room)
  }

  /// Stores all that is in no part as the session's tail; does nothing where the session stands there already.
  private mutating func storeTail(_ content: PartContent, hasher: ContentHasher) async throws {
    guard hasher.count > session.offsetBytes else { return }
    // Where the tail is all there is, it is hashed already.
    let known = session.parts.isEmpty && hasher.algorithm == .sha256 ? hasher.digest() : nil
    let stored = try await put(content) { known ?? Digest(of: $0) }
    session.offsetBytes = hasher.count
    session.hashState = hasher.savedState()
    session.tail = UploadTail(key: stored.key, sizeBytes: stored.sizeBytes)
    do {
      try await checkpoint()
    } catch {
      // Whether the row names this object is only known where the catalog says that nothing was written.
      if (error as? CatalogError) != .outcomeUnknown { deletions.schedule(.object(stored.key), at: session.location) }
      throw error
    }
  }

  /// Does `work` at the session's store or, while nothing of the session is stored, at the next one that takes it (G6).
  ///
  /// Throws what `work` threw last, and what the catalog throws.
  mutating func whereItWorks<Value: Sendable>(
    _ work: (any BlobStore, UploadSession) async throws(StorageError) -> Value
  ) async throws -> Value {
    while true {
      do throws(StorageError) {
        return try await work(store, session)
      } catch {
        guard error.isReasonToGoElsewhere, session.isEmpty, let next = elsewhere.first else { throw error }
        elsewhere.removeFirst()
        session = try await catalog.moveUpload(
          session, token: token, to: next.location,
          key: ObjectKey.blob(storagePath: next.storagePath, identifier: RandomIdentifier()))
        store = next
      }
    }
  }

  private mutating func checkpoint() async throws {
    session = try await catalog.checkpointUpload(session, token: token, lease: UploadLease.duration)
  }
}

extension UploadPartRecord {
  /// What the session remembers of a part.
  init(_ part: UploadedPart) { self.init(number: part.number, sizeBytes: part.sizeBytes, tag: part.tag) }
}

extension UploadedPart {
  /// The part as the store's completion needs it.
  init(_ record: UploadPartRecord) { self.init(number: record.number, sizeBytes: record.sizeBytes, tag: record.tag) }
}
