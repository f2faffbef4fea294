internal import HTTPTransport
internal import SharedModel

extension OpenStackStore {
  /// The most entries of one page; Swift itself gives ten times as many.
  private static let largestPage = 1_000
  private static let deletionsAtOnce = 8
  private static let listingDeadline: Duration = .seconds(60)

  package func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    let limit = min(max(limit, 1), Self.largestPage)
    var objects: [ListedObject] = []
    var after = name
    while true {
      // One more than asked for tells whether others follow.
      let page = try await page(prefix: storagePath.prefix, after: after, limit: limit + 1 - objects.count)
      let visible = page.objects.filter { !$0.name.hasPrefix(OpenStackNames.hidden) }
      objects += visible
      guard page.isTruncated, objects.count <= limit else {
        return ObjectListing(
          objects: Array(objects.prefix(limit)), isTruncated: objects.count > limit, asOfMs: page.asOfMs)
      }
      let last = page.objects.last?.name ?? OpenStackNames.afterHidden
      // What is hidden lies together: over it in one step, however much there is.
      let isBeforeTheEnd =
        last.hasPrefix(OpenStackNames.hidden)
        && last.utf8.lexicographicallyPrecedes(OpenStackNames.afterHidden.utf8)
      after = isBeforeTheEnd ? OpenStackNames.afterHidden : last
    }
  }

  package func listMultipart(
    after cursor: MultipartListing.Cursor?, limit: Int
  ) async throws(StorageError) -> MultipartListing {
    let limit = min(max(limit, 1), Self.largestPage)
    var uploads: [ListedMultipart] = []
    var after = cursor.map(OpenStackNames.after)
    while true {
      let page = try await page(prefix: OpenStackNames.marks(storagePath), after: after, limit: Self.largestPage)
      for mark in page.objects {
        guard let (name, id) = OpenStackNames.upload(ofMark: mark.name) else { continue }
        // An upload that is ending has two marks side by side.
        if uploads.last?.id == id { continue }
        uploads.append(ListedMultipart(name: name, id: id, startedAtMs: mark.modifiedAtMs))
        if uploads.count > limit { break }
      }
      guard page.isTruncated, uploads.count <= limit else {
        let last = uploads.count > limit ? uploads.prefix(limit).last : nil
        return MultipartListing(
          uploads: Array(uploads.prefix(limit)), next: last.map { .init(name: $0.name, id: $0.id) },
          asOfMs: page.asOfMs)
      }
      after = page.objects.last?.name
    }
  }

  /// Deletes every object whose name begins so, some at a time; an interrupted deletion can be made again.
  func deleteAll(prefix: String) async throws(StorageError) {
    var after: String?
    while true {
      let page = try await page(prefix: prefix, after: after, limit: Self.largestPage)
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (index, object) in page.objects.enumerated() {
            if index >= Self.deletionsAtOnce { try await group.next() }
            group.addTask { try await remove(name: object.name) }
          }
          try await group.waitForAll()
        }
      } catch let error as StorageError {
        throw error
      } catch {
        // Nothing else is thrown in the group.
        throw .cancelled
      }
      guard page.isTruncated else { return }
      after = page.objects.last?.name
    }
  }

  private func remove(name: String) async throws(StorageError) {
    var call = OpenStackCall(container: "DELETE")
    call.name = name
    do {
      try await retrying { () throws(StorageError) in try await client.send(call).body.discard() }
    } catch {
      // The subject is the container, so this is how a missing object shows.
      guard case .bucketMissing = error else { throw error }
    }
  }

  /// One page of the container in the bytewise order of names.
  private func page(prefix: String, after: String?, limit: Int) async throws(StorageError) -> OpenStackPage {
    var call = OpenStackCall(container: "GET", weight: .within(Self.listingDeadline))
    call.query = [(name: "format", value: "json"), (name: "limit", value: "\(limit)")]
    if !prefix.isEmpty { call.query.append((name: "prefix", value: prefix)) }
    if let after { call.query.append((name: "marker", value: after)) }
    return try await retrying { [call] () throws(StorageError) in
      let response = try await client.send(call)
      let bytes: [UInt8]
      do throws(HTTPTransportError) {
        bytes = try await response.body.collect(upTo: OpenStackPage.limits.maximumBytes)
      } catch {
        throw TransferFailure.error(error)
      }
      return try OpenStackPage(
        bytes, date: response.headers["date"], prefix: prefix, after: after, limit: limit)
    }
  }
}

/// A page of a container's listing, believed only as far as it can be: order, prefix, sizes, times and count.
struct OpenStackPage: Sendable {
  static let limits = StrictJSON.Limits(maximumBytes: 8 << 20, maximumDepth: 4, maximumValues: 20_000)

  let objects: [ListedObject]
  /// Swift says nothing of what follows, but gives fewer than were asked for only at the end.
  let isTruncated: Bool
  let asOfMs: Int64

  /// Reads the answer to a GET of a container with `format=json`.
  init(_ bytes: [UInt8], date: String?, prefix: String, after: String?, limit: Int) throws(StorageError) {
    guard let asOf = date.flatMap(StoreTimestamp.httpDate) else {
      throw .invalidResponse(detail: "a listing without a date")
    }
    let entries: [JSONValue]
    do {
      // A container without objects may answer with 204 and nothing.
      entries = bytes.isEmpty ? [] : try StrictJSON.parse(bytes, limits: Self.limits).elements
    } catch {
      throw .invalidResponse(detail: "a listing that is not JSON")
    }
    guard entries.count <= limit else { throw .invalidResponse(detail: "more objects than were asked for") }
    var objects: [ListedObject] = []
    var previous = after
    for entry in entries {
      guard let name = entry["name"]?.text, (1...1024).contains(name.utf8.count) else {
        throw .invalidResponse(detail: "a listed object without a name")
      }
      guard name.utf8.starts(with: prefix.utf8) else {
        throw .invalidResponse(detail: "a listed object outside the storage path")
      }
      if let previous, !previous.utf8.lexicographicallyPrecedes(name.utf8) {
        throw .invalidResponse(detail: "a listing out of order")
      }
      guard case .number(let number)? = entry["bytes"], let size = number.int64, size >= 0,
        // `2026-11-21T17:05:12.479000`, always UTC.
        let modified = entry["last_modified"]?.text.flatMap({ StoreTimestamp.iso8601($0 + "Z") })
      else { throw .invalidResponse(detail: "a listed object without size or time") }
      objects.append(ListedObject(name: name, sizeBytes: size, modifiedAtMs: modified))
      previous = name
    }
    self.objects = objects
    isTruncated = entries.count == limit
    asOfMs = asOf
  }
}
