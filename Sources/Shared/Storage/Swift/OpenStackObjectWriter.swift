internal import HTTPTransport
private import SharedModel
private import Synchronization

/// One streamed PUT: a token that ends meanwhile is forgotten, and what crossed the network in the clear is compared.
final class OpenStackObjectWriter: ObjectWriter {
  /// What the requests of the PUT leave for its end.
  private final class Record: Sendable {
    struct Fields {
      var session: OpenStackSession?
      /// Of the bytes written.
      var checksum = BodyChecksum()
      /// Of the bytes the store has.
      var stored: String?
    }

    let fields = Mutex(Fields())
  }

  private let store: OpenStackStore
  private let key: ObjectKey
  private let record = Record()
  private let writer: StreamedObjectWriter

  init(store: OpenStackStore, call: OpenStackCall, object: StoredObject, attributes: ObjectAttributes) {
    self.store = store
    key = object.key
    writer = StreamedObjectWriter(
      StreamedPut(
        object: object,
        start: { [record] () async throws(StorageError) in
          let (upload, session) = try await store.client.startUpload(call, sizeBytes: object.sizeBytes)
          record.fields.withLock { $0.session = session }
          return upload
        },
        check: { [record] response async throws(StorageError) in
          let session = record.fields.withLock { $0.session }
          let answer = try store.client.checked(response, call, of: session)
          if let session, !session.storage.endpoint.isSecure {
            let stored = try OpenStackStore.checksum(answer.headers)
            record.fields.withLock { $0.stored = stored }
          }
          return answer
        },
        putWhole: { bytes async throws(StorageError) in
          try await store.put(object.key, slices: [bytes], attributes: attributes)
        },
        head: { () async throws(StorageError) in try await store.head(object.key) }))
  }

  func write(_ bytes: [UInt8]) async throws(StorageError) {
    if !store.client.isSecure { record.fields.withLock { $0.checksum.update(bytes) } }
    try await writer.write(bytes)
  }

  func finish() async throws(StorageError) -> StoredObject {
    let object = try await writer.finish()
    let (stored, sent) = record.fields.withLock { ($0.stored, $0.checksum.hex) }
    guard let stored, stored != sent else { return object }
    try await store.remove(OpenStackCall("DELETE", key))
    throw .bodyAltered(code: "EtagMismatch")
  }

  func abort() async { await writer.abort() }
}
