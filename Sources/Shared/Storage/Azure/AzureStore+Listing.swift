internal import HTTPTransport
internal import SharedModel

extension AzureStore {
  /// A page may take the service long where many deleted names lie between those it still has.
  private static let listingDeadline: Duration = .seconds(60)
  /// The service gives up to 5,000, which are more elements and bytes than an answer may have here.
  private static let largestPage = 1_000

  package func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    // Without a storage path our own marks are under it too.
    let found = try await entries(prefix: storagePath.prefix, after: name, limit: limit) {
      !$0.hasPrefix(AzureUploadMark.folder)
    }
    return ObjectListing(objects: found.entries, isTruncated: found.isTruncated, asOfMs: found.asOfMs)
  }

  package func listMultipart(
    after cursor: MultipartListing.Cursor?, limit: Int
  ) async throws(StorageError) -> MultipartListing {
    let found = try await entries(
      prefix: AzureUploadMark.folder + storagePath.prefix,
      after: cursor.map { "\(AzureUploadMark.folder)\($0.name)/\($0.id)" }, limit: limit
    ) { AzureUploadMark.parse($0) != nil }
    let uploads = found.entries.compactMap { entry in
      AzureUploadMark.parse(entry.name).map {
        ListedMultipart(name: $0.key, id: $0.id, startedAtMs: entry.modifiedAtMs)
      }
    }
    let next = found.isTruncated ? uploads.last.map { MultipartListing.Cursor(name: $0.name, id: $0.id) } : nil
    return MultipartListing(uploads: uploads, next: next, asOfMs: found.asOfMs)
  }

  /// The entries after a name, at most `limit` of those that are wanted.
  ///
  /// One request where a page has ended with that name before; else from the nearest place known, which may be many.
  private func entries(
    prefix: String, after name: String?, limit: Int, isWanted: (String) -> Bool
  ) async throws(StorageError) -> (entries: [ListedObject], isTruncated: Bool, asOfMs: Int64) {
    let limit = min(max(limit, 1), Self.largestPage)
    let start = name.flatMap { positions.nearest(to: $0, prefix: prefix) }
    // Exactly `limit` where the page begins after the name, so that it ends where the next one is to begin.
    var size = name == nil || start?.isExact == true ? limit : Self.largestPage
    var marker = start?.marker
    var last = name ?? ""
    while true {
      let page = try await refusing(marker) { marker throws(StorageError) in
        try await self.page(prefix: prefix, marker: marker, limit: size)
      }
      let following = page.blobs.filter { blob in
        name.map { $0.utf8.lexicographicallyPrecedes(blob.name.utf8) } ?? true && isWanted(blob.name)
      }
      if following.count > limit { return (Array(following.prefix(limit)), true, page.asOfMs) }
      guard let next = page.next else { return (following, false, page.asOfMs) }
      guard next != marker else { throw .invalidResponse(detail: "a page that leads nowhere") }
      last = following.last?.name ?? page.blobs.last { isWanted($0.name) }?.name ?? last
      if !last.isEmpty { positions.note(next, after: last, prefix: prefix) }
      if !following.isEmpty { return (following, true, page.asOfMs) }
      marker = next
      size = Self.largestPage
    }
  }

  /// Runs a request that begins at a marker; one the service refuses is forgotten together with all others.
  private func refusing(
    _ marker: String?, _ operation: (String?) async throws(StorageError) -> AzureListAnswer
  ) async throws(StorageError) -> AzureListAnswer {
    do {
      return try await operation(marker)
    } catch {
      if marker != nil, case .refused = error { positions.forget() }
      throw error
    }
  }

  /// One request of a listing.
  func page(prefix: String, marker: String?, limit: Int) async throws(StorageError) -> AzureListAnswer {
    var query = [
      (name: "comp", value: "list"), (name: "maxresults", value: "\(limit)"), (name: "restype", value: "container"),
    ]
    if !prefix.isEmpty { query.append((name: "prefix", value: prefix)) }
    if let marker { query.append((name: "marker", value: marker)) }
    let call = AzureCall(
      method: "GET", subject: .container, query: query, weight: .within(Self.listingDeadline))
    return try await retry.run { _ throws(StorageError) in
      let response = try await client.send(call)
      let root = try await XMLReader.read(response, limitBytes: XMLReader.maximumListingBytes)
      return try AzureListAnswer(root, prefix: prefix, limit: limit, date: response.headers["date"])
    }
  }
}
