internal import HTTPTransport

/// Reads one page of a container's listing, believing nothing: order, prefix, sizes, times and counts are checked.
///
/// https://learn.microsoft.com/rest/api/storageservices/list-blobs
struct AzureListAnswer: Sendable {
  /// In strictly ascending bytewise order.
  ///
  /// Folders of a hierarchical account are left out, and names of other characters than keys have: neither is ever ours,
  /// and the order of the latter is the service's own.
  let blobs: [ListedObject]
  /// The service's name for what follows; nil at the end.
  let next: String?
  let asOfMs: Int64

  init(_ root: XMLElement, prefix: String, limit: Int, date: String?) throws(StorageError) {
    guard root.name == "EnumerationResults", let list = root.children(named: "Blobs").first else {
      throw .invalidResponse(detail: "<\(TransferFailure.sanitized(root.name))> in place of a listing")
    }
    var blobs: [ListedObject] = []
    for entry in list.children(named: "Blob") {
      guard blobs.count < limit else { throw .invalidResponse(detail: "more blobs than were asked for") }
      guard let blob = try Self.blob(entry) else { continue }
      guard blob.name.utf8.starts(with: prefix.utf8) else {
        throw .invalidResponse(detail: "a listed blob outside the prefix")
      }
      if let last = blobs.last, !last.name.utf8.lexicographicallyPrecedes(blob.name.utf8) {
        throw .invalidResponse(detail: "a listing out of order")
      }
      blobs.append(blob)
    }
    self.blobs = blobs
    next = root["NextMarker"].flatMap { $0.isEmpty ? nil : $0 }
    guard let date, let time = StoreTimestamp.httpDate(date) else {
      throw .invalidResponse(detail: "a listing without a date")
    }
    asOfMs = time
  }

  private static func blob(_ entry: XMLElement) throws(StorageError) -> ListedObject? {
    guard let name = entry["Name"], (1...1024).contains(name.utf16.count),
      let properties = entry.children(named: "Properties").first
    else { throw .invalidResponse(detail: "a listed blob without a name") }
    guard properties["ResourceType"] != "directory", name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      return nil
    }
    guard let text = properties["Content-Length"], let size = Int64(text), size >= 0,
      let modified = properties["Last-Modified"].flatMap({ StoreTimestamp.httpDate($0) })
    else { throw .invalidResponse(detail: "a listed blob without size or time") }
    return ListedObject(name: name, sizeBytes: size, modifiedAtMs: modified)
  }
}
