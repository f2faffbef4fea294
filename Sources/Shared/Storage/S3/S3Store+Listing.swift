private import HTTPTransport
package import SharedModel

extension S3Store {
  /// A page may take the store long where many deleted names lie between those it still has.
  private static let listingDeadline: Duration = .seconds(60)
  /// The most entries S3 gives in one page.
  private static let largestPage = 1_000

  package func list(after name: String?, limit: Int) async throws(StorageError) -> ObjectListing {
    let limit = min(max(limit, 1), Self.largestPage)
    var query = [
      (name: "list-type", value: "2"), (name: "prefix", value: storagePath.prefix),
      (name: "max-keys", value: "\(limit)"),
      // Names may hold characters that XML has no form for.
      (name: "encoding-type", value: "url"),
    ]
    if let name { query.append((name: "start-after", value: name)) }
    let call = S3Call(method: "GET", query: query, weight: .within(Self.listingDeadline))
    return try await retry.run { _ throws(StorageError) in
      let (root, headers) = try await client.sendForAnswer(
        call, root: "ListBucketResult", limitBytes: XMLReader.maximumListingBytes)
      return try S3ListAnswer(prefix: storagePath.prefix, limit: limit, date: headers["date"])
        .objects(root, after: name)
    }
  }

  package func listMultipart(
    after cursor: MultipartListing.Cursor?, limit: Int
  ) async throws(StorageError) -> MultipartListing {
    let limit = min(max(limit, 1), Self.largestPage)
    // Names are asked for as they are: radosgw 16 encodes them when told to, but neither says so nor encodes its markers.
    var query = [
      (name: "uploads", value: ""), (name: "prefix", value: storagePath.prefix),
      (name: "max-uploads", value: "\(limit)"),
    ]
    if let cursor {
      query += [(name: "key-marker", value: cursor.name), (name: "upload-id-marker", value: cursor.id)]
    }
    let call = S3Call(method: "GET", query: query, weight: .within(Self.listingDeadline))
    return try await retry.run { _ throws(StorageError) in
      let (root, headers) = try await client.sendForAnswer(
        call, root: "ListMultipartUploadsResult", limitBytes: XMLReader.maximumListingBytes)
      return try S3ListAnswer(prefix: storagePath.prefix, limit: limit, date: headers["date"])
        .uploads(root, after: cursor)
    }
  }
}
