import Foundation
import HTTPTransport
import Shared
import SharedConfig
import TestSupport
import Testing

@testable import SharedStorage

/// What only a real Swift can show; skipped where MERIDIAN_TEST_SWIFT is unset, unless under CI.
@Suite(
  "The Swift engine against a real service",
  .enabled(if: OpenStackTestService.isDemanded, "MERIDIAN_TEST_SWIFT is not set"), .timeLimit(.minutes(3)))
struct OpenStackServiceTests {
  private typealias Service = OpenStackTestService

  private func key(_ store: OpenStackStore) -> ObjectKey {
    .blob(storagePath: store.storagePath, identifier: RandomIdentifier())
  }

  private func fetch(
    _ url: String, method: String = "GET", range: String? = nil
  ) async throws -> (status: Int, bytes: [UInt8]) {
    let transport = try HTTPTransport()
    let response = try await transport.send(
      HTTPTransportRequest(method: method, url: url, headers: range.map { [("Range", $0)] } ?? []))
    let bytes = try await response.body.collect(upTo: 64 << 20)
    await transport.close()
    return (response.status, bytes)
  }

  /// How many objects lie under a prefix of the container, hidden ones included.
  private func count(_ store: OpenStackStore, under prefix: String) async throws -> Int {
    let path = try #require(StoragePath(prefix))
    var settings = store.client.connection.settings
    settings = OpenStackSettings(container: settings.container, storagePath: path, signIn: settings.signIn)
    return try await Service.withStore(OpenStackConnection(settings)) { other in
      // Not by `list`, which hides them: by the pages it reads.
      var call = OpenStackCall(container: "GET")
      call.query = [(name: "format", value: "json"), (name: "prefix", value: prefix)]
      let response = try await other.client.send(call)
      return try StrictJSON.parse(try await response.body.collect(upTo: 1 << 20)).elements.count
    }
  }

  @Test func aTemporaryURLReadsOneObjectAndNothingElse() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings())) { store in
      let (key, other) = (key(store), key(store))
      #expect(try store.presignedGet(key, lifetime: .seconds(60)) == nil)
      let bytes = PatternBytes.make(10_000)
      for each in [key, other] { _ = try await store.put(each, bytes: bytes, attributes: ObjectAttributes()) }
      let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))
      let whole = try await fetch(url)
      #expect(whole.status == 200 && whole.bytes == bytes)
      let part = try await fetch(url, range: "bytes=100-199")
      #expect(part.status == 206 && part.bytes == Array(bytes[100...199]))
      #expect(try await fetch(url, method: "DELETE").status == 401)
      let elsewhere = url.replacingOccurrences(of: key.description, with: other.description)
      #expect(elsewhere != url)
      #expect(try await fetch(elsewhere).status == 401)
      #expect(try await fetch(url + "0").status == 401)
      for each in [key, other] { try await store.delete(each) }
    }
  }

  @Test func aTemporaryURLReadsALargeObjectAndExpires() async throws {
    let settings = try Service.settings()
    try await Service.withStore(OpenStackConnection(settings)) { store in
      let key = key(store)
      let bytes = PatternBytes.make(3_000_000)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      var parts: [UploadedPart] = []
      for number in 1...3 {
        let slice = Array(bytes[((number - 1) * 1_000_000)..<(number * 1_000_000)])
        parts.append(try await store.uploadPart(upload, number: number, slices: [slice]))
      }
      _ = try await store.completeMultipart(upload, parts: parts, sizeBytes: 3_000_000)
      let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))
      #expect(try await fetch(url).bytes == bytes)
      let part = try await fetch(url, range: "bytes=999990-2000009")
      #expect(part.status == 206 && part.bytes == Array(bytes[999_990...2_000_009]))
      let hourAgo: @Sendable () -> Int64 = { Int64(Date.now.timeIntervalSince1970) - 3_600 }
      try await Service.withStore(OpenStackConnection(settings), now: hourAgo) { early in
        try await early.probe()
        let old = try #require(try early.presignedGet(key, lifetime: .seconds(86_400)))
        #expect(try await fetch(old).status == 401)
      }
      try await store.delete(key)
      #expect(try await count(store, under: ".meridian-uploads/parts/\(upload.id)") == 0)
    }
  }

  @Test func aTemporaryURLNamesThePublicEndpoint() async throws {
    let connection = OpenStackConnection(
      try Service.settings(), publicEndpoint: S3Endpoint(parsing: "https://blobs.example.com"))
    try await Service.withStore(connection) { store in
      try await store.probe()
      let url = try #require(try store.presignedGet(try ObjectKey(parsing: "registry/a+b"), lifetime: .seconds(60)))
      #expect(
        url.hasPrefix("https://blobs.example.com/v1/AUTH_test/\(connection.container)/registry/a%2Bb?temp_url_sig="))
    }
  }

  @Test func manyPartsAreJoinedByManifestsOfManifests() async throws {
    var connection = OpenStackConnection(try Service.settings())
    connection.segmentsPerManifest = 3
    try await Service.withStore(connection) { store in
      let key = key(store)
      let digest = Digest(of: [7])
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes(digest: digest))
      var parts: [UploadedPart] = []
      for number in 1...7 {
        parts.append(
          try await store.uploadPart(upload, number: number, slices: [PatternBytes.make(1_000, seed: UInt64(number))]))
      }
      // An empty part and one that was replaced are in no manifest, but go with the object.
      parts.append(try await store.uploadPart(upload, number: 8, slices: []))
      _ = try await store.uploadPart(upload, number: 2, slices: [[1]])
      let object = try await store.completeMultipart(upload, parts: parts, sizeBytes: 7_000)
      #expect(object.sizeBytes == 7_000 && object.digest == digest)
      let whole = (1...7).flatMap { PatternBytes.make(1_000, seed: UInt64($0)) }
      #expect(try await store.open(key, range: nil).collect(limitBytes: 7_000) == whole)
      let range = ByteRange(first: 2_500, last: 6_499)
      #expect(try await store.open(key, range: range).collect(limitBytes: 7_000) == Array(whole[2_500...6_499]))
      let listed = try await store.list(after: nil, limit: 10)
      #expect(listed.objects.map(\.name) == [key.description] && listed.objects.first?.sizeBytes == 7_000)
      #expect(try await count(store, under: ".meridian-uploads/parts/\(upload.id)") == 12)
      try await store.delete(key)
      #expect(try await count(store, under: ".meridian-uploads/parts/\(upload.id)") == 0)
      #expect(try await count(store, under: ".meridian-uploads/open/\(key)") == 0)
    }
  }

  @Test func aCopyLargerThanOneObjectIsMadeOfRanges() async throws {
    var connection = OpenStackConnection(try Service.settings(second: true))
    connection.largestObjectBytes = 1_000_000
    connection.copyPartBytes = 300_000
    try await Service.withStore(OpenStackConnection(try Service.settings())) { source in
      try await Service.withStore(connection) { target in
        let (from, to) = (key(source), key(target))
        let bytes = PatternBytes.make(1_234_567)
        _ = try await source.put(from, bytes: bytes, attributes: ObjectAttributes())
        let copy = try await target.copy(
          from, at: source, to: to, sizeBytes: 1_234_567, attributes: ObjectAttributes(digest: Digest(of: bytes)))
        #expect(copy?.digest == Digest(of: bytes))
        #expect(try await target.open(to, range: nil).collect(limitBytes: bytes.count) == bytes)
        // A large object is copied as one where it is small enough.
        let back = key(source)
        _ = try await source.copy(to, at: target, to: back, sizeBytes: 1_234_567, attributes: ObjectAttributes())
        try await target.delete(to)
        #expect(try await source.open(back, range: nil).collect(limitBytes: bytes.count) == bytes)
        for each in [from, back] { try await source.delete(each) }
      }
    }
  }

  @Test func anUploadWhoseObjectExistsKeepsItsSegmentsWhenGivenUp() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings())) { store in
      let key = key(store)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
      _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
      // As after a completion that was interrupted between the manifest and the mark.
      let mark = try #require(OpenStackNames.mark(upload))
      _ = try await store.store(OpenStackCall("PUT", name: mark, of: upload), slices: [])
      #expect(try await store.listMultipart(after: nil, limit: 10).uploads.map(\.id) == [upload.id])
      try await store.abortMultipart(upload)
      #expect(try await store.listMultipart(after: nil, limit: 10).uploads.isEmpty)
      #expect(try await store.open(key, range: nil).collect(limitBytes: 3) == [1, 2, 3])
      try await store.delete(key)
    }
  }

  @Test func completionsAtTheSameTimeAllSucceed() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings())) { store in
      for _ in 0..<10 {
        let key = key(store)
        let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
        let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 {
            group.addTask { _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3) }
          }
          try await group.waitForAll()
        }
        try await store.abortMultipart(upload)
        #expect(try await store.open(key, range: nil).collect(limitBytes: 3) == [1, 2, 3])
        try await store.delete(key)
      }
    }
  }

  @Test func anInterruptedAbortIsListedAndEndsLater() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings())) { store in
      let key = key(store)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      _ = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
      let mark = try #require(OpenStackNames.mark(upload))
      // Both marks for a moment, then only that of the end.
      _ = try await store.store(
        OpenStackCall("PUT", name: OpenStackNames.endingMark(mark), of: upload), slices: [])
      #expect(try await store.listMultipart(after: nil, limit: 1).uploads.map(\.id) == [upload.id])
      #expect(try await store.listMultipart(after: nil, limit: 1).next == nil)
      try await store.remove(OpenStackCall("DELETE", name: mark, of: upload))
      #expect(try await store.listMultipart(after: nil, limit: 10).uploads.map(\.id) == [upload.id])
      await #expect(throws: StorageError.uploadMissing(upload)) {
        _ = try await store.uploadPart(upload, number: 2, slices: [[4]])
      }
      try await store.abortMultipart(upload)
      #expect(try await store.listMultipart(after: nil, limit: 10).uploads.isEmpty)
      #expect(try await count(store, under: ".meridian-uploads/parts/\(upload.id)") == 0)
    }
  }

  @Test func anObjectWithoutItsSegmentsIsMissing() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings())) { store in
      let key = key(store)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let part = try await store.uploadPart(upload, number: 1, slices: [[1, 2, 3]])
      _ = try await store.completeMultipart(upload, parts: [part], sizeBytes: 3)
      try await store.deleteAll(prefix: OpenStackNames.segments(upload.id))
      await #expect(throws: StorageError.objectMissing(key)) { _ = try await store.open(key, range: nil) }
      try await store.delete(key)
      #expect(try await store.head(key) == nil)
    }
  }

  @Test func listingsOfAWholeContainerShowNoPieces() async throws {
    let container = "whole-\(RandomIdentifier().hex.prefix(8))"
    var settings = try Service.settings(container: container)
    settings = OpenStackSettings(
      container: container, storagePath: try #require(StoragePath("")), signIn: settings.signIn)
    try await Service.withStore(OpenStackConnection(settings)) { store in
      var create = OpenStackCall(container: "PUT")
      create.headers = [("content-length", "0")]
      try await store.client.send(create).body.discard()
      try await store.probe()
      // Names before and after the hidden ones.
      let keys = try ["!first", ".a", ".meridian", ".meridian-uploads0", "blobs/x", "z"].map {
        try ObjectKey(parsing: $0)
      }
      for key in keys { _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes()) }
      // Nobody's, but under the hidden prefix; it must not hold the listing up either.
      let strange = try ObjectKey(parsing: ".meridian-uploads/~~")
      _ = try await store.put(strange, bytes: [1], attributes: ObjectAttributes())
      let upload = try await store.beginMultipart(try ObjectKey(parsing: "large"), attributes: ObjectAttributes())
      for number in 1...5 { _ = try await store.uploadPart(upload, number: number, slices: [[1]]) }
      for limit in [1, 2, 3, 5, 6, 100] {
        var names: [String] = []
        var isTruncated = true
        while isTruncated {
          let page = try await store.list(after: names.last, limit: limit)
          names += page.objects.map(\.name)
          isTruncated = page.isTruncated
        }
        #expect(names == keys.map(\.description), "pages of \(limit)")
      }
      try await store.abortMultipart(upload)
      for key in keys + [strange] { try await store.delete(key) }
      try await store.client.send(OpenStackCall(container: "DELETE")).body.discard()
    }
  }

  @Test func whatIsWrongIsSaid() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings(container: "no-such")), retry: .never) {
      store in
      await #expect(throws: StorageError.bucketMissing(name: "no-such")) { try await store.probe() }
      await #expect(throws: StorageError.bucketMissing(name: "no-such")) {
        _ = try await store.put(try ObjectKey(parsing: "a"), bytes: [1], attributes: ObjectAttributes())
      }
    }
    try await Service.withStore(OpenStackConnection(try Service.settings(password: "wrong")), retry: .never) { store in
      await #expect(throws: StorageError.accessDenied(code: "SignIn401")) { try await store.probe() }
    }
    let nowhere = OpenStackConnection(try Service.settings(address: "http://127.0.0.1:1/auth/v1.0"))
    try await Service.withStore(nowhere, retry: .never) { store in
      await #expect(throws: StorageError.unreachable(detail: "no connection")) { try await store.probe() }
    }
  }

  @Test func aPipelineFillsAnUpload() async throws {
    try await Service.withStore(OpenStackConnection(try Service.settings())) { store in
      let key = key(store)
      let piece = PatternBytes.make(1 << 20, seed: 8)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      let (stream, input) = AsyncStream.makeStream(of: [UInt8].self)
      for _ in 0..<30 { input.yield(piece) }
      input.finish()
      let result = try await PartPipeline(
        store: store, upload: upload, plan: try PartPlan(limits: store.partLimits)
      ).run(stream)
      _ = try await store.completeMultipart(upload, parts: result.parts, sizeBytes: 30 << 20)
      try await VerifyingStream(
        try await store.open(key, range: nil), digest: result.hasher.digest(), sizeBytes: 30 << 20
      ).verify()
      try await store.delete(key)
    }
  }
}
