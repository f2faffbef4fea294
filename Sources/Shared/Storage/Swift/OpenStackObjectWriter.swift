internal import HTTPTransport
private import SharedModel

/// One streamed PUT with a declared length.
///
/// The chunk that completes the length is held back until `finish()`: a store that has the whole body keeps the object
/// whether the caller still wants it or not. A body of one chunk is therefore sent whole by `finish()`, like any small
/// object, and can be tried again.
actor OpenStackObjectWriter: ObjectWriter {
  private typealias Started = (upload: HTTPUpload, session: OpenStackSession)

  private let store: OpenStackStore
  private let call: OpenStackCall
  private let object: StoredObject
  private let attributes: ObjectAttributes
  private var receivedBytes: Int64 = 0
  /// Of the bytes sent, to be compared with the store's where they crossed the network in the clear.
  private var checksum = BodyChecksum()
  private var started: Started?
  /// The completing chunk.
  private var held: [UInt8] = []
  private var hasEnded = false

  init(store: OpenStackStore, call: OpenStackCall, object: StoredObject, attributes: ObjectAttributes) {
    self.store = store
    self.call = call
    self.object = object
    self.attributes = attributes
  }

  func write(_ bytes: [UInt8]) async throws(StorageError) {
    guard !bytes.isEmpty else { return }
    guard !hasEnded else { throw .cancelled }
    receivedBytes += Int64(bytes.count)
    guard receivedBytes <= object.sizeBytes else {
      abort()
      throw .sizeMismatch(expectedBytes: object.sizeBytes, actualBytes: receivedBytes)
    }
    guard receivedBytes < object.sizeBytes else {
      held = bytes
      return
    }
    try await send(bytes, over: try await startedUpload())
  }

  func finish() async throws(StorageError) -> StoredObject {
    guard !hasEnded else { throw .cancelled }
    guard receivedBytes == object.sizeBytes else {
      abort()
      throw .truncated(expectedBytes: object.sizeBytes, receivedBytes: receivedBytes)
    }
    hasEnded = true
    guard let started else { return try await store.put(object.key, slices: [held], attributes: attributes) }
    try await send(held, over: started)
    let response: HTTPTransportResponse
    do {
      response = try await started.upload.finish()
    } catch {
      return try await resolveLostReply(S3Failure.error(error))
    }
    let answer = try store.client.checked(response, call, of: started.session)
    answer.body.discard()
    guard !started.session.storage.endpoint.isSecure else { return object }
    guard try OpenStackStore.checksum(answer.headers) == checksum.hex else {
      try await store.remove(OpenStackCall("DELETE", object.key))
      throw .bodyAltered(code: "EtagMismatch")
    }
    return object
  }

  func abort() {
    hasEnded = true
    started?.upload.abort()
    started = nil
  }

  private func startedUpload() async throws(StorageError) -> Started {
    if let started { return started }
    let new = try await store.client.startUpload(call, sizeBytes: object.sizeBytes)
    guard !hasEnded else {
      new.0.abort()
      throw .cancelled
    }
    started = (new.0, new.1)
    return (new.0, new.1)
  }

  private func send(_ bytes: [UInt8], over started: Started) async throws(StorageError) {
    if !started.session.storage.endpoint.isSecure { checksum.update(bytes) }
    do {
      try await started.upload.write(bytes)
    } catch .responseArrivedEarly {
      hasEnded = true
      throw await earlyAnswer(started)
    } catch {
      throw S3Failure.error(error)
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
  private func earlyAnswer(_ started: Started) async -> StorageError {
    do {
      let response = try await started.upload.finish()
      _ = try store.client.checked(response, call, of: started.session)
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
