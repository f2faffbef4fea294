import Foundation
import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite("The local engine")
struct LocalStoreTests {
  private func store(_ root: String) throws -> LocalStore {
    try LocalStore(location: try LocationID(parsing: "us"), rootPath: root, storagePath: try #require(StoragePath("")))
  }

  @Test func aMissingRootIsNotMade() async throws {
    try await withTemporaryFolder { folder in
      let missing = folder + "/a/b"
      let store = try store(missing)
      let key = try ObjectKey(parsing: "blobs/x")
      await #expect(throws: StorageError.bucketMissing(name: missing)) { try await store.probe() }
      await #expect(throws: StorageError.bucketMissing(name: missing)) {
        _ = try await store.put(key, bytes: [1], attributes: ObjectAttributes())
      }
      await #expect(throws: StorageError.bucketMissing(name: missing)) { _ = try await store.head(key) }
      await #expect(throws: StorageError.bucketMissing(name: missing)) { try await store.delete(key) }
      #expect(!FileManager.default.fileExists(atPath: missing))
      try await store.createRoot()
      try await store.createRoot()
      try await store.probe()
      await store.close()
      await #expect(throws: StorageError.cancelled) { try await store.probe() }
    }
    #expect(throws: StorageError.self) { _ = try store("relative") }
  }

  @Test func linksAreNotFollowed() async throws {
    try await withTemporaryFolder { folder in
      let (root, outside) = (folder + "/root", folder + "/outside")
      for path in [root, outside] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      try Data("secret".utf8).write(to: URL(fileURLWithPath: outside + "/file"))
      try FileManager.default.createSymbolicLink(atPath: root + "/blobs", withDestinationPath: outside)
      try FileManager.default.createSymbolicLink(atPath: root + "/link", withDestinationPath: outside + "/file")
      let store = try store(root)
      for name in ["blobs/file", "link"] {
        let key = try ObjectKey(parsing: name)
        #expect(try await store.head(key) == nil)
        await #expect(throws: StorageError.objectMissing(key)) { _ = try await store.open(key, range: nil) }
      }
      await #expect(throws: StorageError.refused(status: 0, code: "errno \(ENOTDIR)")) {
        _ = try await store.put(try ObjectKey(parsing: "blobs/new"), bytes: [1], attributes: ObjectAttributes())
      }
      try await store.delete(try ObjectKey(parsing: "blobs/file"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["file"])
      // A link in the object's own place is replaced, not written through.
      _ = try await store.put(try ObjectKey(parsing: "link"), bytes: [1], attributes: ObjectAttributes())
      #expect(try Data(contentsOf: URL(fileURLWithPath: outside + "/file")) == Data("secret".utf8))
      await store.close()
    }
  }

  @Test func thePrivateFolderIsNoKey() async throws {
    try await withTemporaryFolder { folder in
      let store = try store(folder)
      for name in [".meridian/uploads/x", ".meridian", "blobs/.meridian"] {
        await #expect(throws: StorageError.refused(status: 0, code: "ReservedKey")) {
          _ = try await store.put(try ObjectKey(parsing: name), bytes: [1], attributes: ObjectAttributes())
        }
      }
      // A folder is not an object.
      _ = try await store.put(try ObjectKey(parsing: "a/b"), bytes: [1], attributes: ObjectAttributes())
      #expect(try await store.head(try ObjectKey(parsing: "a")) == nil)
      #expect(try await store.head(try ObjectKey(parsing: "a/b/c")) == nil)
      await store.close()
    }
  }

  @Test func nothingIsLeftBehind() async throws {
    try await withTemporaryFolder { folder in
      let store = try store(folder)
      let engine = BlobStoreUnderTest(store, neighbour: store, keepsAttributes: false)
      for rule in [
        BlobStoreRule.abortedPutStoresNothing, .shortStreamedPutStoresNothing, .longStreamedPutStoresNothing,
        .anAbortedUploadIsGone, .completionIsIdempotent, .copiedPartIsTheLastPart, .aReplacedPartCountsOnce,
        .completionRefusesOtherSizesAndParts, .uploadsAreListedUntilTheyEnd, .theProbeSucceeds,
      ] {
        try await rule.check(engine)
      }
      for part in ["staging", "uploads"] {
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/.meridian/" + part).isEmpty)
      }
      await store.close()
    }
  }

  @Test func completionsAtOnceMakeOneObject() async throws {
    try await withTemporaryFolder { folder in
      let store = try store(folder)
      let key = try ObjectKey(parsing: "blobs/x")
      let bytes = PatternBytes.make(3 << 20)
      let upload = try await store.beginMultipart(key, attributes: ObjectAttributes())
      var parts: [UploadedPart] = []
      for number in 1...3 {
        let part = Array(bytes[((number - 1) << 20)..<(number << 20)])
        parts.append(try await store.uploadPart(upload, number: number, slices: [part]))
      }
      let all = parts
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            // Losing to another completion is an outcome like any other here: what counts is the object.
            _ = try? await store.completeMultipart(upload, parts: all, sizeBytes: 3 << 20)
          }
        }
      }
      #expect(try await store.open(key, range: nil).collect(limitBytes: 4 << 20) == bytes)
      await store.close()
    }
  }

  @Test func aCompletionCutShortIsRepeated() async throws {
    try await withTemporaryFolder { folder in
      let store = try store(folder)
      let upload = try await store.beginMultipart(try ObjectKey(parsing: "blobs/x"), attributes: ObjectAttributes())
      let one = try await store.uploadPart(upload, number: 1, slices: [[1, 2]])
      let two = try await store.uploadPart(upload, number: 2, slices: [[3]])
      // As if the process had died after appending the second part to the first one's file.
      let path = "\(folder)/.meridian/uploads/\(upload.id)/1.\(one.tag)"
      try Data([1, 2, 3, 9, 9]).write(to: URL(fileURLWithPath: path))
      _ = try await store.completeMultipart(upload, parts: [one, two], sizeBytes: 3)
      #expect(try await store.open(upload.key, range: nil).collect(limitBytes: 10) == [1, 2, 3])
      // A truncated part is no part.
      let other = try await store.beginMultipart(try ObjectKey(parsing: "blobs/y"), attributes: ObjectAttributes())
      let part = try await store.uploadPart(other, number: 1, slices: [[1, 2]])
      try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/.meridian/uploads/\(other.id)/1.\(part.tag)"))
      await #expect(throws: StorageError.refused(status: 0, code: "InvalidPart")) {
        _ = try await store.completeMultipart(other, parts: [part], sizeBytes: 2)
      }
      await store.close()
    }
  }

  @Test func aFileThatShrinksShows() async throws {
    try await withTemporaryFolder { folder in
      let store = try store(folder)
      let key = try ObjectKey(parsing: "x")
      _ = try await store.put(key, bytes: PatternBytes.make(2 << 20), attributes: ObjectAttributes())
      let body = try await store.open(key, range: nil)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/x"))
      try handle.truncate(atOffset: 1_000)
      try handle.close()
      await #expect(throws: StorageError.truncated(expectedBytes: 2 << 20, receivedBytes: 1_000)) {
        _ = try await body.collect(limitBytes: 4 << 20)
      }
      await store.close()
    }
  }

  @Test func failuresOfTheSystemAreTranslated() {
    #expect(FileFailure(ENOSPC).storageError == .full)
    #expect(FileFailure(EDQUOT).storageError == .full)
    #expect(FileFailure(EACCES).storageError == .accessDenied(code: "errno 13"))
    #expect(FileFailure(EMFILE).storageError == .overloaded)
    #expect(FileFailure(EIO).storageError.isStoreFailure)
  }
}
