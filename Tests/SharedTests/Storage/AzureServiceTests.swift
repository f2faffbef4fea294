import Foundation
import HTTPTransport
import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite(
  "The Azure engine against the strict fake", .enabled(if: AzureFake.isDemanded, "there is no python3"),
  .timeLimit(.minutes(3)))
struct AzureServiceTests {
  private func fetch(_ url: String, method: String = "GET", range: String? = nil) async throws -> (Int, [UInt8]) {
    let transport = try HTTPTransport()
    let response = try await transport.send(
      HTTPTransportRequest(method: method, url: url, headers: range.map { [("Range", $0)] } ?? []))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    await transport.close()
    return (response.status, bytes)
  }

  @discardableResult
  private func withStore<Value>(
    authorization: AzureSettings.Authorization = .sharedKey(Secret(AzureFake.key)), container: String = "images",
    now: (@Sendable () -> Int64)? = nil, _ body: (AzureStore) async throws -> Value
  ) async throws -> Value {
    let settings = try AzureFake.running().settings(container: container, authorization: authorization)
    return try await AzureFake.withStore(settings, retry: .never, now: now, body)
  }

  private static func clock(offBySeconds seconds: Int64) -> @Sendable () -> Int64 {
    { Int64(Date.now.timeIntervalSince1970) + seconds }
  }

  private func freshKey(_ store: AzureStore) -> ObjectKey {
    .blob(storagePath: store.storagePath, identifier: RandomIdentifier())
  }

  @Test func aPresignedURLReadsOneObjectAndNothingElse() async throws {
    try await withStore { store in
      let (key, other) = (freshKey(store), freshKey(store))
      let bytes = PatternBytes.make(10_000)
      for each in [key, other] { _ = try await store.put(each, bytes: bytes, attributes: ObjectAttributes()) }
      let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))
      #expect(try await fetch(url) == (200, bytes))
      #expect(try await fetch(url, range: "bytes=100-199") == (206, Array(bytes[100...199])))
      #expect(try await fetch(url, method: "DELETE").0 == 403)
      #expect(try await fetch(url.replacing(key.description, with: other.description)).0 == 403)
      #expect(try await fetch(url.replacing("sp=r&", with: "sp=rw&")).0 == 403)
      #expect(try await fetch(url + "0").0 == 403)
      for each in [key, other] { try await store.delete(each) }
    }
  }

  @Test func aPresignedURLExpiresAndLivesTenMinutesAtMost() async throws {
    try await withStore { store in
      let key = freshKey(store)
      _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes())
      try await withStore(now: Self.clock(offBySeconds: -3_600)) { early in
        let long = try #require(try early.presignedGet(key, lifetime: .seconds(86_400)))
        #expect(try await fetch(long).0 == 403)
      }
      try await withStore(now: Self.clock(offBySeconds: -500)) { early in
        let long = try #require(try early.presignedGet(key, lifetime: .seconds(86_400)))
        #expect(try await fetch(long).0 == 200)
        let short = try #require(try early.presignedGet(key, lifetime: .seconds(400)))
        #expect(try await fetch(short).0 == 403)
      }
      try await store.delete(key)
    }
  }

  @Test func thePublicEndpointIsWhatClientsAreSentTo() async throws {
    let fake = try AzureFake.running()
    let location = LocationSettings(
      id: try LocationID(parsing: "apstorage"), engine: .azure(try fake.settings(path: "registry")),
      publicEndpoint: "https://blobs.example.com")
    let store = try StoreFactory.open(location)
    #expect(store is AzureStore && store.storagePath.prefix == "registry/" && !store.protectsBodies)
    #expect(store.partLimits.maximumParts == 50_000)
    let url = try #require(try store.presignedGet(try ObjectKey(parsing: "registry/x"), lifetime: .seconds(60)))
    #expect(url.hasPrefix("https://blobs.example.com/fakeaccount/images/registry/x?sp=r&"))
    // Who is sent over TLS is not let in without.
    #expect(url.contains("&spr=https&"))
    await store.close()
  }

  @Test func wrongKeysClocksAndContainersAreTold() async throws {
    let wrong = Secret(Base64.encode([UInt8](repeating: 7, count: 32)))
    try await withStore(authorization: .sharedKey(wrong)) { store in
      await #expect(throws: StorageError.accessDenied(code: "AuthenticationFailed")) { try await store.probe() }
      await #expect(throws: StorageError.accessDenied(code: "AuthenticationFailed")) {
        _ = try await store.head(freshKey(store))
      }
    }
    for offset in [-7_200, 7_200] as [Int64] {
      try await withStore(now: Self.clock(offBySeconds: offset)) { store in
        await #expect(throws: StorageError.clockSkewed) { try await store.probe() }
        await #expect(throws: StorageError.clockSkewed) { _ = try await store.head(freshKey(store)) }
      }
    }
    try await withStore(now: Self.clock(offBySeconds: -600)) { store in try await store.probe() }
    try await withStore(container: "absent") { store in
      await #expect(throws: StorageError.bucketMissing(name: "absent")) { try await store.probe() }
      await #expect(throws: StorageError.bucketMissing(name: "absent")) {
        _ = try await store.put(freshKey(store), bytes: [1], attributes: ObjectAttributes())
      }
    }
  }

  @Test func accessSignaturesEndAndHaveTheirLimits() async throws {
    let expired = try AzureSignatures.container("images", expiresInSeconds: -60)
    try await withStore(authorization: expired) { store in
      await #expect(throws: StorageError.accessDenied(code: "ExpiredAccessSignature")) { try await store.probe() }
    }
    let other = try AzureSignatures.container("neighbour", expiresInSeconds: 600)
    try await withStore(authorization: other) { store in
      await #expect(throws: StorageError.accessDenied(code: "AuthenticationFailed")) { try await store.probe() }
      let url = try store.presignedGet(freshKey(store), lifetime: .seconds(60))
      #expect(url == nil)
    }
  }

  @Test func anAbortDropsTheBlocksAndSparesACompletedObject() async throws {
    try await withStore { store in
      let key = freshKey(store)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      _ = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
      #expect(try await stagedBlocks(of: key, store) == 1)
      try await store.abortMultipart(upload)
      #expect(try await stagedBlocks(of: key, store) == nil)
      #expect(try await store.head(key) == nil)

      // A completion that has taken the mark away only after an abort has seen it.
      let second = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let part = try await store.uploadPart(second, number: 1, slices: [[4]])
      _ = try await store.commit(second, [part], sizeBytes: 1, ObjectAttributes())
      try await store.abortMultipart(second)
      #expect(try await store.head(key)?.sizeBytes == 1)
      #expect(try await store.listMultipart(after: nil, limit: 10).uploads.isEmpty)
      try await store.delete(key)
    }
  }

  @Test func anAbortThatWasCutShortIsFinishedByTheNext() async throws {
    try await withStore { store in
      let key = freshKey(store)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let part = try await store.uploadPart(upload, number: 1, slices: [[1]])
      // What an abort leaves that ends after its first step.
      var call = AzureCall.blocks("blocklist", upload, weight: .small)
      call.headers = [("if-none-match", "*"), (AzureStore.abortedHeader, upload.id)]
      try await store.client.sendForHeaders(call, slices: [Array("<BlockList/>".utf8)])
      await #expect(throws: StorageError.self) {
        _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 1)
      }
      try await store.abortMultipart(upload)
      #expect(try await store.head(key) == nil)
      await #expect(throws: StorageError.uploadMissing(upload)) {
        _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 1)
      }
    }
  }

  /// The number of blocks staged for a key, nil where the service knows nothing of it.
  private func stagedBlocks(of key: ObjectKey, _ store: AzureStore) async throws -> Int? {
    var call = AzureCall.object("GET", key)
    call.query = [("comp", "blocklist"), ("blocklisttype", "uncommitted")]
    do throws(StorageError) {
      let root = try await XMLReader.read(try await store.client.send(call))
      return root.children(named: "UncommittedBlocks").first?.children.count
    } catch {
      guard case .objectMissing = error else { throw error }
      return nil
    }
  }

  @Test func partsWithoutBytesAreNoBlocks() async throws {
    try await withStore { store in
      let (key, empty) = (freshKey(store), freshKey(store))
      _ = try await store.put(empty, bytes: [], attributes: ObjectAttributes())
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let parts = [
        try await store.uploadPart(upload, number: 1, slices: [[1]]),
        try await store.uploadPart(upload, number: 2, slices: []),
        try await store.copyPart(upload, number: 3, from: empty, sizeBytes: 0),
      ]
      #expect(try await store.completeMultipart(upload, parts: parts, sizeBytes: 1).sizeBytes == 1)
      let nothing = try await store.beginMultipart(empty, attributes: ObjectAttributes())
      await #expect(throws: StorageError.refused(status: 0, code: "InvalidPartNumber")) {
        _ = try await store.uploadPart(nothing, number: 50_001, slices: [[1]])
      }
      await #expect(throws: StorageError.tooLarge(limitBytes: 256 << 20)) {
        _ = try await store.copyPart(nothing, number: 1, from: key, sizeBytes: 256 << 20 + 1)
      }
      try await store.abortMultipart(nothing)
      for each in [key, empty] { try await store.delete(each) }
    }
  }

  @Test func aListingGoesOnAfterAnyNameEvenWithoutItsMarkers() async throws {
    let settings = try AzureFake.running().settings()
    try await AzureFake.withStore(settings) { store in
      let keys = try (0..<30).map { try ObjectKey(parsing: "\(store.storagePath.prefix)\(100 + $0)") }
      for key in keys { _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes()) }
      // Another process, which has seen none of the pages before.
      try await AzureFake.withStore(settings) { other in
        let page = try await other.list(after: keys[20].description, limit: 3)
        #expect(page.objects.map(\.name) == keys[21...23].map(\.description) && page.isTruncated)
      }
      for key in keys { try await store.delete(key) }
    }
  }

  @Test func withoutAStoragePathMarksAreNoObjects() async throws {
    let settings = try AzureFake.running().settings(container: "neighbour", path: "")
    try await AzureFake.withStore(settings) { store in
      let upload = try await store.beginMultipart(freshKey(store), attributes: ObjectAttributes())
      let names = try await store.list(after: nil, limit: 1_000).objects.map(\.name)
      #expect(!names.contains { $0.hasPrefix(AzureUploadMark.folder) })
      #expect(try await store.listMultipart(after: nil, limit: 1_000).uploads.contains { $0.id == upload.id })
      try await store.abortMultipart(upload)
    }
  }
}
