internal import FuzzProperties

extension S3Properties {
  /// A page that is believed is in order, within the storage path and the limit, and can be gone on from.
  package static func listing(_ bytes: [UInt8]) {
    // Why a document is refused does not matter here.
    guard let root = try? XMLReader.parse(bytes, limitBytes: XMLReader.maximumListingBytes) else { return }
    let answer = S3ListAnswer(prefix: "r/", limit: 3, date: "Sat, 21 Nov 2026 17:05:12 GMT")
    objects(answer, root)
    uploads(answer, root)
  }

  private static func objects(_ answer: S3ListAnswer, _ root: XMLElement) {
    // Refused, for whatever reason.
    guard let page = try? answer.objects(root, after: "r/a") else { return }
    require(page.objects.count <= 3, "no more objects than were asked for")
    require(!page.isTruncated || !page.objects.isEmpty, "a page leads on")
    var previous = "r/a"
    for object in page.objects {
      require(object.name.utf8.starts(with: "r/".utf8), "names are under the storage path")
      require(previous.utf8.lexicographicallyPrecedes(object.name.utf8), "names ascend")
      require(object.sizeBytes >= 0 && object.modifiedAtMs >= 0, "figures are natural numbers")
      previous = object.name
    }
  }

  private static func uploads(_ answer: S3ListAnswer, _ root: XMLElement) {
    let cursor = MultipartListing.Cursor(name: "r/a", id: "1")
    // Refused, for whatever reason.
    guard let page = try? answer.uploads(root, after: cursor) else { return }
    require(page.uploads.count <= 3, "no more uploads than were asked for")
    require(page.next != cursor, "a page leads on")
    for upload in page.uploads {
      require(upload.name.utf8.starts(with: "r/".utf8), "names are under the storage path")
      require(!upload.id.isEmpty && !upload.id.contains(" ") && upload.startedAtMs >= 0, "ids and times are sound")
    }
  }
}
