internal import HTTPTransport
internal import SharedModel
private import Synchronization

/// What a streamed PUT asks of the engine it goes through.
struct StreamedPut: Sendable {
  /// What is stored once the PUT is confirmed.
  let object: StoredObject
  /// Begins the request.
  let start: @Sendable () async throws(StorageError) -> HTTPUpload
  /// Passes a 2xx answer; throws what any other means.
  let check: @Sendable (HTTPTransportResponse) async throws(StorageError) -> HTTPTransportResponse
  /// Stores an object of one chunk, with the engine's own retries.
  let putWhole: @Sendable ([UInt8]) async throws(StorageError) -> StoredObject
  /// What the store holds under the object's key.
  let head: @Sendable () async throws(StorageError) -> StoredObject?
}

/// One streamed PUT with a declared length.
///
/// The chunk that completes the length is held back until `finish()`: a store that has the whole body keeps the object
/// whether the caller still wants it or not. A body of one chunk is therefore sent whole by `finish()`, like any small
/// object, and can be tried again.
final class StreamedObjectWriter: ObjectWriter {
  private struct Writing {
    var receivedBytes: Int64 = 0
    /// Nil until bytes are to be sent.
    var upload: HTTPUpload?
    /// The completing chunk.
    var held: [UInt8] = []
  }

  private let put: StreamedPut
  /// Nil once the writer has ended.
  private let writing = Mutex<Writing?>(Writing())

  init(_ put: StreamedPut) { self.put = put }

  private var object: StoredObject { put.object }

  func write(_ bytes: [UInt8]) async throws(StorageError) {
    guard !bytes.isEmpty else { return }
    guard let received = receive(bytes) else { throw .cancelled }
    guard received <= object.sizeBytes else {
      await abort()
      throw .sizeMismatch(expectedBytes: object.sizeBytes, actualBytes: received)
    }
    guard received < object.sizeBytes else { return }
    try await send(bytes, over: try await startedUpload())
  }

  func finish() async throws(StorageError) -> StoredObject {
    guard let writing = end() else { throw .cancelled }
    guard writing.receivedBytes == object.sizeBytes else {
      writing.upload?.abort()
      throw .truncated(expectedBytes: object.sizeBytes, receivedBytes: writing.receivedBytes)
    }
    guard let upload = writing.upload else {
      return try await put.putWhole(writing.held)
    }
    try await send(writing.held, over: upload)
    let response: HTTPTransportResponse
    do {
      response = try await upload.finish()
    } catch {
      return try await resolveLostReply(TransferFailure.error(error))
    }
    try await put.check(response).body.discard()
    return object
  }

  func abort() async { end()?.upload?.abort() }

  /// Counts bytes and keeps those that complete the length; nil where the writer has ended.
  private func receive(_ bytes: [UInt8]) -> Int64? {
    writing.withLock { writing in
      guard var current = writing else { return nil }
      writing = nil
      current.receivedBytes += Int64(bytes.count)
      if current.receivedBytes == object.sizeBytes { current.held = bytes }
      writing = current
      return current.receivedBytes
    }
  }

  private func startedUpload() async throws(StorageError) -> HTTPUpload {
    if let upload = writing.withLock({ $0?.upload }) { return upload }
    let upload = try await put.start()
    let isWanted = writing.withLock { writing in
      writing?.upload = upload
      return writing != nil
    }
    guard isWanted else {
      upload.abort()
      throw .cancelled
    }
    return upload
  }

  private func send(_ bytes: [UInt8], over upload: HTTPUpload) async throws(StorageError) {
    do {
      try await upload.write(bytes)
    } catch .responseArrivedEarly {
      throw await earlyAnswer(upload)
    } catch {
      throw TransferFailure.error(error)
    }
  }

  private func end() -> Writing? {
    writing.withLock { writing in
      defer { writing = nil }
      return writing
    }
  }

  /// Every byte was sent and the reply was lost: the object itself says whether the PUT took place.
  ///
  /// The key was fresh (decision D2), so an object of the declared size at it is ours.
  private func resolveLostReply(_ error: StorageError) async throws(StorageError) -> StoredObject {
    guard error.mayPassSoon else { throw error }
    let found: StoredObject?
    do { found = try await put.head() } catch {
      // What the HEAD failed of matters less than that the PUT's outcome is unknown.
      found = nil
    }
    guard let found, found.sizeBytes == object.sizeBytes else { throw error }
    return object
  }

  /// The store answered before it had the whole body: its answer is the reason to give.
  private func earlyAnswer(_ upload: HTTPUpload) async -> StorageError {
    _ = end()
    do {
      _ = try await put.check(try await upload.finish())
      return .invalidResponse(detail: "confirmed before the end of the body")
    } catch let error as StorageError {
      return error
    } catch let error as HTTPTransportError {
      return TransferFailure.error(error)
    } catch {
      return .invalidResponse(detail: "answered before the end of the body")
    }
  }
}
