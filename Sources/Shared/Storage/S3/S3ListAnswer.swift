/// Reads the two listings of a bucket, believing nothing: order, prefix, sizes, times and counts are checked.
struct S3ListAnswer {
  /// What every name has to begin with; empty for the whole bucket.
  let prefix: String
  /// The most entries that were asked for.
  let limit: Int
  /// The value of the Date header.
  let date: String?

  /// A page of ListObjectsV2 that was asked to start after `name`.
  ///
  /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
  func objects(_ root: XMLElement, after name: String?) throws(StorageError) -> ObjectListing {
    let isEncoded = root["EncodingType"] == "url"
    var previous = name
    var objects: [ListedObject] = []
    for entry in root.children(named: "Contents") {
      guard objects.count < limit else { throw .invalidResponse(detail: "more objects than were asked for") }
      let name = try self.name(entry, isEncoded: isEncoded)
      if let previous, !previous.utf8.lexicographicallyPrecedes(name.utf8) {
        throw .invalidResponse(detail: "a listing out of order")
      }
      guard let text = entry["Size"], let size = Int64(text), size >= 0 else {
        throw .invalidResponse(detail: "a listed object without a size")
      }
      objects.append(ListedObject(name: name, sizeBytes: size, modifiedAtMs: try time(entry["LastModified"])))
      previous = name
    }
    let isTruncated = try isTruncated(root)
    // A caller goes on after the last name: without one it would ask the same again for ever.
    guard !isTruncated || !objects.isEmpty else { throw .invalidResponse(detail: "an empty page that is not the last") }
    return ObjectListing(objects: objects, isTruncated: isTruncated, asOfMs: try asOf())
  }

  /// A page of ListMultipartUploads that was asked to start after `cursor`.
  ///
  /// The order is the store's own: AWS sorts the uploads of one name by age, and radosgw names that extend each other by
  /// what follows in its index. Hence only that a page does not lead back to its own beginning is checked.
  /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
  func uploads(
    _ root: XMLElement, after cursor: MultipartListing.Cursor?
  ) throws(StorageError) -> MultipartListing {
    var uploads: [ListedMultipart] = []
    for entry in root.children(named: "Upload") {
      guard uploads.count < limit else { throw .invalidResponse(detail: "more uploads than were asked for") }
      guard let id = entry["UploadId"], MultipartUpload.isIdentifier(id) else {
        throw .invalidResponse(detail: "a listed upload without an id")
      }
      uploads.append(
        ListedMultipart(
          name: try name(entry, isEncoded: false), id: id, startedAtMs: try time(entry["Initiated"])))
    }
    var next: MultipartListing.Cursor?
    if try isTruncated(root) {
      next = uploads.last.map { MultipartListing.Cursor(name: $0.name, id: $0.id) }
      guard next != nil, next != cursor else { throw .invalidResponse(detail: "a page that leads nowhere") }
    }
    return MultipartListing(uploads: uploads, next: next, asOfMs: try asOf())
  }

  private func name(_ entry: XMLElement, isEncoded: Bool) throws(StorageError) -> String {
    guard let text = entry["Key"], let name = isEncoded ? Self.decoded(text) : text,
      (1...1024).contains(name.utf8.count)
    else { throw .invalidResponse(detail: "a listed object without a name") }
    guard name.utf8.starts(with: prefix.utf8) else {
      throw .invalidResponse(detail: "a listed object outside the storage path")
    }
    return name
  }

  private func time(_ text: String?) throws(StorageError) -> Int64 {
    guard let text, let time = StoreTimestamp.iso8601(text) else {
      throw .invalidResponse(detail: "a listing without times")
    }
    return time
  }

  private func asOf() throws(StorageError) -> Int64 {
    guard let date, let time = StoreTimestamp.httpDate(date) else {
      throw .invalidResponse(detail: "a listing without a date")
    }
    return time
  }

  private func isTruncated(_ root: XMLElement) throws(StorageError) -> Bool {
    switch root["IsTruncated"] {
    case "true": true
    case "false": false
    default: throw .invalidResponse(detail: "a listing that does not say whether it goes on")
    }
  }

  /// Undoes `encoding-type=url`, in which a space is a plus sign; nil where it is malformed or no UTF-8 comes of it.
  static func decoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
