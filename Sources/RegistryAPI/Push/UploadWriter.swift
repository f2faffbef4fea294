import Shared

/// Writes the bytes of requests into one locked upload session (decisions D3 and D11).
///
/// The session's row always describes exactly what is durable: the parts the store has confirmed, the tail object, and
/// the hash over precisely those bytes. Whatever a failed request leaves beyond that is overwritten or deleted later.
struct UploadWriter {
  let catalog: Catalog
  let store: any BlobStore
  let token: RandomIdentifier
  let memory: TransferMemory
  let deletions: ObjectDeletions
  private(set) var session: UploadSession

  /// Takes over a locked session.
  init(
    session: UploadSession, token: RandomIdentifier, store: any BlobStore, catalog: Catalog, memory: TransferMemory,
    deletions: ObjectDeletions
  ) {
    self.session = session
    self.token = token
    self.store = store
    self.catalog = catalog
    self.memory = memory
    self.deletions = deletions
  }

  /// Appends a request's body; when it returns, every byte is durable and recorded.
  ///
  /// Throws what reading, storing or recording throws. Where the client went away, what had arrived until then is durable
  /// and recorded as well; where the store or the catalog failed, the session stands at its last checkpoint (wire check 73).
  mutating func append(_ reader: RequestBodyReader) async throws {
    let source = UploadSource(reader, onBreak: .keepsWhatArrived)
    try await append(source, announcedBytes: reader.announcedBytes)
    if let failure = source.brokenBy { throw failure }
  }

  private mutating func append(_ source: UploadSource, announcedBytes: Int64?) async throws {
    var ahead: [[UInt8]] = []
    var hasher = try ContentHasher(restoring: session.hashState)
    if session.multipartID == nil {
      let gathered = try await gather(source, announcedBytes: announcedBytes)
      if gathered.isEnd {
        guard gathered.sizeBytes > 0 else { return }
        for chunk in gathered.chunks { hasher.update(chunk) }
        try await storeTail(try await carriedTail() + gathered.chunks, hasher: hasher)
        return
      }
      ahead = gathered.chunks
    }
    let upload = try await multipartUpload()
    let carried = try await carriedTail()
    let pipeline = PartPipeline(
      store: store, upload: upload, plan: try PartPlan(limits: store.partLimits), memory: memory)
    let start = PartStart(nextPartNumber: nextPartNumber, hasher: hasher, carried: carried)
    let transfer = try await pipeline.run(
      UploadChunks(ahead: ahead, source: source), from: start, tail: .handBack
    ) { checkpoint in
      session.add(UploadPartRecord(checkpoint.part))
      session.offsetBytes = checkpoint.endOffsetBytes
      session.hashState = checkpoint.hasher.savedState()
      session.tail = nil
      try await self.checkpoint()
    }
    if transfer.tailSizeBytes > 0, transfer.hasher.count > session.offsetBytes {
      try await storeTail(transfer.tail, hasher: transfer.hasher)
    }
  }

  /// The number the next part has.
  var nextPartNumber: Int { (session.parts.last?.number ?? 0) + 1 }

  /// The multipart upload of the session, begun and recorded now where there was none.
  mutating func multipartUpload() async throws -> MultipartUpload {
    if let id = session.multipartID { return MultipartUpload(key: session.key, id: id) }
    let upload = try await store.beginMultipart(session.key, attributes: ObjectAttributes())
    session.multipartID = upload.id
    do {
      try await checkpoint()
    } catch {
      deletions.schedule(.multipart(upload), at: session.location)
      throw error
    }
    return upload
  }

  /// The bytes of the tail object, for as long as it is the session's.
  func carriedTail() async throws -> [[UInt8]] {
    guard let tail = session.tail else { return [] }
    let limit = max(store.partLimits.minimumPartBytes, PartPlan.usualPartBytes) * 2
    return [try await store.open(tail.key, range: nil).collect(limitBytes: Int(clamping: limit))]
  }

  /// Reads ahead up to what would be the first part, so that small uploads never become multipart ones.
  func gather(
    _ source: UploadSource, announcedBytes: Int64?
  ) async throws -> (chunks: [[UInt8]], sizeBytes: Int64, isEnd: Bool) {
    let wanted = max(PartPlan.usualPartBytes - (session.tail?.sizeBytes ?? 0), 1)
    let reservation = try await memory.reserve(min(wanted, announcedBytes ?? wanted))
    defer { reservation.release() }
    return try await source.gather(wanted)
  }

  private mutating func storeTail(_ slices: [[UInt8]], hasher: ContentHasher) async throws {
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    let bytes = slices.count == 1 ? slices.first ?? [] : Array(slices.joined())
    let stored = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
    session.offsetBytes = hasher.count
    session.hashState = hasher.savedState()
    session.tail = UploadTail(key: key, sizeBytes: stored.sizeBytes)
    do {
      try await checkpoint()
    } catch {
      // Whether the row names this object is only known where the catalog says that nothing was written.
      if (error as? CatalogError) != .outcomeUnknown { deletions.schedule(.object(key), at: session.location) }
      throw error
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
