import Logging
import Shared

/// Compares what a store lists with what the database says, and mends the difference where it may (G13, G16).
///
/// A merge of two ordered lists, a page of each at a time: memory does not grow with the bucket. Neither list is a
/// snapshot, so every difference is confirmed before it counts: a missing object by asking for it, an orphan by asking
/// whether anything refers to it at this moment.
struct DriftRepair: Sendable {
  /// What may be done, and how fast.
  struct Plan: Sendable {
    /// Whether differences are mended or only counted.
    var mayChange: Bool
    /// The age, by the store's clock, from which an object that nothing refers to is an orphan.
    var grace: Duration
    /// Objects listed per second; 0 for as fast as the store answers.
    var objectsPerSecond = 0
    /// Whether a bucket most of whose objects are missing is in doubt.
    var mayDoubtBucket = true
    /// Whether a database that knows next to nothing of a bucket is in doubt.
    var mayDoubtDatabase = true
    /// Objects and placements compared in one step.
    var page = 1000
  }

  let store: any BlobStore
  let catalog: Catalog
  let plan: Plan
  let announce: @Sendable ([JobAnnouncement]) async -> Void
  var found: @Sendable (DriftFinding) -> Void = { _ in }
  let logger: Logger

  /// Objects listed and not compared yet; the listing goes on after the last of them.
  struct Listing: Sendable {
    var objects: ArraySlice<ListedObject> = []
    var isTruncated = true
    var asOfMs: Int64 = 0
  }

  /// The most checkpoints given up with one statement.
  static let idleCopiesPerStep = 1024

  /// Gives up copies that nobody has gone on with for the grace, so that their uploads do not stay open for ever.
  func expireIdleCopies() async throws -> Int {
    guard plan.mayChange else { return 0 }
    return try await catalog.expireCheckpoints(
      at: store.location, olderThan: plan.grace, limit: Self.idleCopiesPerStep)
  }

  /// Does one step from the cursor and returns the next; nil once everything was compared.
  func step(_ cursor: DriftCursor, _ listing: inout Listing, _ tally: inout DriftTally) async throws -> DriftCursor? {
    switch cursor {
    case .objects(let after):
      guard let end = try await compare(after: after, &listing, &tally) else {
        return .uploads(afterName: "", afterID: "")
      }
      return .objects(after: end)
    case .uploads(let name, let id):
      return try await uploads(after: name.isEmpty ? nil : .init(name: name, id: id), &tally)
    }
  }

  /// Compares the stretch of names after `after` that both pages cover; returns its end, nil at the end of all.
  private func compare(
    after: String, _ listing: inout Listing, _ tally: inout DriftTally
  ) async throws -> String? {
    if listing.objects.isEmpty, listing.isTruncated {
      let page = try await store.list(after: after.isEmpty ? nil : after, limit: plan.page)
      listing = Listing(
        objects: page.objects[...], isTruncated: page.isTruncated && !page.objects.isEmpty, asOfMs: page.asOfMs)
    }
    let placed = try await catalog.placedKeys(
      at: store.location, after: after, upTo: listing.isTruncated ? listing.objects.last?.name : nil,
      limit: plan.page)
    // A full page of placements may end before the listing does; a page that is not full covers all of the listing.
    let placedEnd = placed.count == plan.page ? placed.last?.copy.placement.key.description : nil
    let isEnd = placedEnd == nil && !listing.isTruncated
    let end = placedEnd ?? listing.objects.last?.name ?? after
    let split = listing.objects.firstIndex { !ByteOrder.precedesOrEquals($0.name, end) } ?? listing.objects.endIndex
    let objects = isEnd ? listing.objects : listing.objects[..<split]
    listing.objects = isEnd ? [] : listing.objects[split...]
    try await settle(objects, placed, asOfMs: listing.asOfMs, &tally)
    return isEnd ? nil : end
  }

  private func settle(
    _ objects: ArraySlice<ListedObject>, _ placed: [PlacedKey], asOfMs: Int64, _ tally: inout DriftTally
  ) async throws {
    tally.objects += Int64(objects.count)
    tally.placements += Int64(placed.count)
    var listed = Dictionary(objects.map { ($0.name, $0) }) { first, _ in first }
    var doubtful: [PlacedBlob] = []
    for item in placed {
      let object = listed.removeValue(forKey: item.copy.placement.key.description)
      guard !item.isQuarantined else { continue }
      if object?.sizeBytes == item.copy.sizeBytes { tally.matched += 1 } else { doubtful.append(item.copy) }
    }
    try await confirmMissing(doubtful, &tally)
    try await confirmOrphans(listed.values.sorted { $0.name < $1.name }, asOfMs: asOfMs, &tally)
  }
}

// MARK: - Copies that are missing or wrong

extension DriftRepair {
  private func confirmMissing(_ copies: [PlacedBlob], _ tally: inout DriftTally) async throws {
    guard !copies.isEmpty else { return }
    let inspector = CopyInspector(store: store)
    guard plan.mayChange else {
      for (copy, finding) in try await inspector.lookAtAll(copies, .presence, parallel: 8) {
        count(copy, finding, &tally)
      }
      return
    }
    let verifier = CopyVerifier(
      store: store, catalog: catalog, inspector: inspector, mayDoubtBucket: plan.mayDoubtBucket, announce: announce,
      logger: logger)
    let page = try await verifier.verify(copies, .presence)
    for item in page.quarantined { count(item.copy, item.finding, &tally) }
    tally.mended += Int64(page.quarantined.count)
    tally.matched += Int64(page.good.count)
  }

  private func count(_ copy: PlacedBlob, _ finding: CopyFinding, _ tally: inout DriftTally) {
    switch finding {
    case .missing:
      tally.missing += 1
      found(DriftFinding(kind: .missing, key: copy.placement.key, detail: copy.digest.description))
    case .wrongSize, .wrongContent:
      tally.wrongSize += 1
      found(DriftFinding(kind: .wrongSize, key: copy.placement.key, detail: copy.digest.description))
    case .good: tally.matched += 1
    case .unknown: tally.spared += 1
    }
  }
}

// MARK: - Objects and uploads that nothing refers to

extension DriftRepair {
  private func confirmOrphans(
    _ objects: [ListedObject], asOfMs: Int64, _ tally: inout DriftTally
  ) async throws {
    var sizes: [StrayObject: Int64] = [:]
    for object in objects {
      guard let key = MintedKey.parse(object.name, under: store.storagePath) else {
        tally.foreign += 1
        continue
      }
      guard isOld(object.modifiedAtMs, asOfMs: asOfMs) else {
        tally.spared += 1
        continue
      }
      sizes[StrayObject(key: key)] = object.sizeBytes
    }
    let strays = try await settleStrays(Array(sizes.keys), reason: "orphan", &tally)
    tally.orphans += Int64(strays.count)
    tally.spared += Int64(sizes.count - strays.count)
    for stray in strays {
      tally.orphanBytes = tally.orphanBytes.addingReportingOverflow(sizes[stray] ?? 0).partialValue
      found(DriftFinding(kind: .orphan, key: stray.key, detail: nil))
    }
  }

  private func uploads(
    after cursor: MultipartListing.Cursor?, _ tally: inout DriftTally
  ) async throws -> DriftCursor? {
    let page = try await store.listMultipart(after: cursor, limit: plan.page)
    var old: [StrayObject] = []
    for upload in page.uploads {
      guard let key = MintedKey.parse(upload.name, under: store.storagePath) else {
        tally.foreign += 1
        continue
      }
      guard isOld(upload.startedAtMs, asOfMs: page.asOfMs) else {
        tally.spared += 1
        continue
      }
      old.append(StrayObject(key: key, multipartID: upload.id))
    }
    let strays = try await settleStrays(old, reason: "stale upload", &tally)
    tally.staleUploads += Int64(strays.count)
    tally.spared += Int64(old.count - strays.count)
    for stray in strays { found(DriftFinding(kind: .staleUpload, key: stray.key, detail: stray.multipartID)) }
    return page.next.map { .uploads(afterName: $0.name, afterID: $0.id) }
  }

  private func isOld(_ timeMs: Int64, asOfMs: Int64) -> Bool {
    let (age, overflow) = asOfMs.subtractingReportingOverflow(timeMs)
    return !overflow && .milliseconds(age) >= plan.grace
  }

  /// The strays among these: put on record where that may be, else only counted.
  private func settleStrays(
    _ objects: [StrayObject], reason: String, _ tally: inout DriftTally
  ) async throws -> Set<StrayObject> {
    guard !objects.isEmpty else { return [] }
    let strays = try await stillThere(try await catalog.strays(among: objects, at: store.location))
    guard plan.mayChange else { return strays }
    if plan.mayDoubtDatabase, tally.doubt == nil {
      tally.doubt = try await doubt(orphans: tally.orphans + tally.staleUploads + Int64(strays.count), tally)
    }
    guard tally.doubt == nil else { return strays }
    let recorded = try await catalog.recordStrays(among: Array(strays), at: store.location, reason: reason)
    tally.mended += Int64(recorded.count)
    return recorded
  }

  /// Those that the store still has: one that was deleted since it was listed, with its record, is no orphan.
  private func stillThere(_ strays: Set<StrayObject>) async throws -> Set<StrayObject> {
    // Many strays are a matter of doubt, and not worth a question each.
    guard strays.count <= 100 else { return strays }
    var there: Set<StrayObject> = []
    for stray in strays {
      if stray.multipartID == nil, try await store.head(stray.key) == nil { continue }
      there.insert(stray)
    }
    return there
  }

  /// Why the database is not to be believed that so many objects are orphans; nil where it is.
  ///
  /// A database that is new, another one, or restored from an old backup takes a bucket full of images for garbage.
  private func doubt(orphans: Int64, _ tally: DriftTally) async throws -> String? {
    guard orphans > 0 else { return nil }
    if tally.matched == 0, try await !catalog.hasPlacements(at: store.location) {
      return "the database knows of no object in this bucket"
    }
    return orphans > 20 && orphans * 4 > tally.matched
      ? "\(orphans) objects would be orphans where only \(tally.matched) are known" : nil
  }
}

/// The order in which stores list names: that of their bytes, not that of Unicode.
enum ByteOrder {
  /// Whether `left` comes no later than `right`.
  static func precedesOrEquals(_ left: String, _ right: String) -> Bool {
    !right.utf8.lexicographicallyPrecedes(left.utf8)
  }
}
