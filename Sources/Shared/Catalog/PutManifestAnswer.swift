import SharedModel

/// What of a manifest's wanted content was found, as the statement of `putManifest` reports it.
struct PutManifestAnswer {
  private var stored = false
  private var blobs: [Digest: Bool] = [:]
  private var children: [Digest: Bool] = [:]

  /// Reads rows of kind (0 stored, 1 blob, 2 child), digest and whether the size fits.
  init(_ rows: [SQLRow]) throws(CatalogError) {
    for row in rows {
      switch try row.integer(0) {
      case 0: stored = true
      case 1: blobs[try row.digest(1)] = try row.integer(2) == 1
      default: children[try row.digest(1)] = try row.integer(2) == 1
      }
    }
  }

  /// The outcome for content wanted in this order; what is unknown is named before what has another size.
  func outcome(blobs wantedBlobs: [Digest], children wantedChildren: [Digest]) throws(CatalogError)
    -> PutManifestOutcome
  {
    if stored { return .stored }
    let unknownBlobs = wantedBlobs.filter { blobs[$0] == nil }
    if !unknownBlobs.isEmpty { return .blobsUnknown(unknownBlobs) }
    let unknownChildren = wantedChildren.filter { children[$0] == nil }
    if !unknownChildren.isEmpty { return .childrenUnknown(unknownChildren) }
    let unfit = wantedBlobs.filter { blobs[$0] == false } + wantedChildren.filter { children[$0] == false }
    guard !unfit.isEmpty else { throw .invalidRow(detail: "a manifest was neither stored nor refused") }
    return .sizeMismatch(unfit)
  }
}

/// The distinct digests a manifest refers to, in order, with the size each is said to have.
struct WantedContent {
  let digests: [Digest]
  let sizes: [Int64]
  /// Digests listed with two different sizes, one of which must be wrong.
  let contradictions: [Digest]

  /// Takes descriptors, of which several may name the same content.
  init(_ links: [ManifestRecord.Link]) {
    var sizes: [Digest: Int64] = [:]
    var contradictions: Set<Digest> = []
    for link in links {
      if let known = sizes.updateValue(link.sizeBytes, forKey: link.digest), known != link.sizeBytes {
        contradictions.insert(link.digest)
      }
    }
    let sorted = sizes.sorted { $0.key < $1.key }
    digests = sorted.map(\.key)
    self.sizes = sorted.map(\.value)
    self.contradictions = contradictions.sorted()
  }
}
