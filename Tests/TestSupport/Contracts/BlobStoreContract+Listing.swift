import Shared
import Testing

extension BlobStoreUnderTest {
  /// Every page of a listing, with pages of `limit`.
  private func names(limit: Int) async throws -> [String] {
    var names: [String] = []
    var isTruncated = true
    while isTruncated {
      let page = try await store.list(after: names.last, limit: limit)
      #expect(page.objects.count <= limit)
      names += page.objects.map(\.name)
      isTruncated = page.isTruncated
      #expect(!isTruncated || !page.objects.isEmpty)
    }
    return names
  }

  /// A key under the storage path, which is this test's alone.
  private func key(_ name: String) throws -> ObjectKey { try ObjectKey(parsing: store.storagePath.prefix + name) }

  private func put(_ keys: [ObjectKey]) async throws {
    for key in keys {
      _ = try await store.put(key, bytes: Array(key.description.utf8), attributes: ObjectAttributes())
    }
  }

  private func delete(_ keys: [ObjectKey]) async throws { for key in keys { try await store.delete(key) } }

  func listingsPageInBytewiseOrder() async throws {
    #expect(try await store.list(after: nil, limit: 10).objects.isEmpty)
    // Names that sort otherwise by path, by letter case or by language; some that mean something in a URL or in XML.
    let keys = try [
      "blobs/00/a", "blobs/00/b", "blobs/00-x", "blobs/00", "blobs/a+b", "blobs/a%20b", "blobs/a&b<c>", "blobs/Z",
      "blobs/z", "blobs/~", "a", "b/c/d/e/f", "b-c", "b", "b.c",
    ].filter { !isLocal || !["blobs/00", "b"].contains($0) }.map(key)
    try await put(keys)
    let expected = keys.map(\.description).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for limit in [1, 2, 3, expected.count - 1, expected.count, expected.count + 1, 5_000] {
      #expect(try await names(limit: limit) == expected, "pages of \(limit)")
    }
    for (index, name) in expected.enumerated() {
      #expect(try await store.list(after: name, limit: 1_000).objects.map(\.name) == Array(expected[(index + 1)...]))
    }
    // A name that is not there is a place all the same.
    #expect(
      try await store.list(after: store.storagePath.prefix + "b.", limit: 1).objects.map(\.name)
        == [store.storagePath.prefix + "b.c"])
    try await delete(keys)
    #expect(try await store.list(after: nil, limit: 10).objects.isEmpty)
  }

  func listingsTellSizesAndTimes() async throws {
    let small = try key("one")
    _ = try await store.put(small, bytes: [], attributes: ObjectAttributes())
    let large = try key("two")
    let upload = try await store.beginMultipart(large, attributes: ObjectAttributes())
    let first = try await store.uploadPart(upload, number: 1, slices: [[UInt8](repeating: 1, count: partBytes)])
    let last = try await store.uploadPart(upload, number: 2, slices: [[1, 2, 3]])
    // Parts are no objects.
    #expect(try await store.list(after: nil, limit: 10).objects.map(\.name) == [small.description])
    _ = try await store.completeMultipart(upload, parts: [first, last], sizeBytes: Int64(partBytes) + 3)
    let page = try await store.list(after: nil, limit: 10)
    #expect(page.objects.map(\.sizeBytes) == [0, Int64(partBytes) + 3])
    #expect(!page.isTruncated)
    // The clock has whole seconds in some headers.
    for object in page.objects { #expect((-60_000...2_000).contains(object.modifiedAtMs - page.asOfMs)) }
    try await delete([small, large])
  }

  func listingsGoOnPastDeletions() async throws {
    let keys = try (0..<12).map { try key("blobs/0\($0 % 4)/\($0)x") }
    try await put(keys)
    let all = try await names(limit: 100)
    let page = try await store.list(after: nil, limit: 4)
    // The last name of the page and the first of the next go away between the two.
    try await delete([try ObjectKey(parsing: all[3]), try ObjectKey(parsing: all[4])])
    let rest = try await store.list(after: page.objects.last?.name, limit: 100)
    #expect(rest.objects.map(\.name) == Array(all[5...]))
    try await delete(keys)
  }

  func listingsKeepToTheStoragePath() async throws {
    let inside = try key("x")
    try await put([inside])
    // `reg2/x` and `reg` are not under `reg/`.
    let path = store.storagePath.prefix.dropLast()
    let outside = path.isEmpty ? [] : try ["\(path)2/x", "\(path)-x"].map { try ObjectKey(parsing: $0) }
    try await put(outside)
    let upload = try await store.beginMultipart(inside, attributes: ObjectAttributes())
    var others: [MultipartUpload] = []
    for key in outside { others.append(try await store.beginMultipart(key, attributes: ObjectAttributes())) }
    #expect(try await names(limit: 100) == [inside.description])
    #expect(try await store.listMultipart(after: nil, limit: 100).uploads.map(\.id) == [upload.id])
    for each in others + [upload] { try await store.abortMultipart(each) }
    try await delete(outside + [inside])
  }

  func uploadsAreListedUntilTheyEnd() async throws {
    #expect(try await store.listMultipart(after: nil, limit: 10).uploads.isEmpty)
    // Two of one name, and names that extend each other.
    let keys = try ["blobs/00/a", "blobs/00/a", "blobs/00/ab", "blobs/00/a.b", "c"].map(key)
    var uploads: Set<MultipartUpload> = []
    for key in keys { uploads.insert(try await store.beginMultipart(key, attributes: ObjectAttributes())) }
    for limit in [1, 2, 4, 5, 6] {
      var found: [MultipartUpload] = []
      var cursor: MultipartListing.Cursor?
      repeat {
        let page = try await store.listMultipart(after: cursor, limit: limit)
        #expect(page.uploads.count <= limit)
        for upload in page.uploads {
          #expect((-60_000...2_000).contains(upload.startedAtMs - page.asOfMs))
          found.append(MultipartUpload(key: try ObjectKey(parsing: upload.name), id: upload.id))
        }
        cursor = page.next
      } while cursor != nil && found.count <= keys.count
      #expect(found.count == keys.count && Set(found) == uploads, "pages of \(limit)")
    }
    // One is completed, the others are given up by what the listing says of them.
    let completed = try #require(uploads.first)
    let part = try await store.uploadPart(completed, number: 1, slices: [[1]])
    _ = try await store.completeMultipart(completed, parts: [part], sizeBytes: 1)
    #expect(try await store.listMultipart(after: nil, limit: 10).uploads.count == keys.count - 1)
    for upload in try await store.listMultipart(after: nil, limit: 10).uploads {
      try await store.abortMultipart(MultipartUpload(key: try ObjectKey(parsing: upload.name), id: upload.id))
    }
    let left = try await store.listMultipart(after: nil, limit: 10)
    #expect(left.uploads.isEmpty && left.next == nil)
    try await store.delete(completed.key)
  }
}
