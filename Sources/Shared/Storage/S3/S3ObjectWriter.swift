internal import HTTPTransport
private import SharedModel
private import Synchronization

/// One streamed PUT with a declared length.
///
/// The chunk that completes the length is held back until `finish()`: a store that has the whole body keeps the object
/// whether the caller still wants it or not. A body of one chunk is therefore sent whole by `finish()`, like any small
/// object, and can be tried again.
final class S3ObjectWriter: ObjectWriter {
  private struct Writing {
    var receivedBytes: Int64 = 0
    /// Nil until bytes are to be sent.
    var upload: HTTPUpload?
    /// The completing chunk.
    var held: [UInt8] = []
  }

  private let store: S3Store
  private let call: S3Call
  private let object: StoredObject
  private let attributes: ObjectAttributes
  /// Nil once the writer has ended.
  private let writing = Mutex<Writing?>(Writing())

  init(store: S3Store, call: S3Call, object: StoredObject, attributes: ObjectAttributes) {
    self.store = store
    self.call = call
    self.object = object
    self.attributes = attributes
  }

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
      return try await store.put(object.key, bytes: writing.held, attributes: attributes)
    }
    try await send(writing.held, over: upload)
    let response: HTTPTransportResponse
    do {
      response = try await upload.finish()
    } catch {
      return try await resolveLostReply(S3Failure.error(error))
    }
    try await store.client.checked(response, call).body.discard()
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
    let upload = try await store.client.startUpload(call, sizeBytes: object.sizeBytes)
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
      throw S3Failure.error(error)
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
    do { found = try await store.head(object.key) } catch {
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
      _ = try await store.client.checked(try await upload.finish(), call)
      return .invalidResponse(detail: "confirmed before the end of the body")
    } catch let error as StorageError {
      return error
    } catch let error as HTTPTransportError {
      return S3Failure.error(error)
    } catch {
      return .invalidResponse(detail: "answered before the end of the body")
    }
  }
}
