import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Bodies that outlive a store")
struct FailoverBodyTests {
  /// A store whose bodies misbehave as planned.
  private struct SpoilingStore: PassingStore {
    enum Fault: Sendable {
      /// Ends every body after so many bytes.
      case breaksAfter(Int)
      /// Falls silent after so many bytes.
      case stallsAfter(Int)
      /// Flips a bit of the byte at this offset of the object.
      case spoils(Int)
      case none
    }

    let base: any BlobStore
    let fault: Fault
    let opened = Opened()

    final class Opened: Sendable {
      let ranges = Mutex<[ByteRange?]>([])
    }

    func open(_ key: ObjectKey, range: ByteRange?) async throws(StorageError) -> ObjectBody {
      opened.ranges.withLock { $0.append(range) }
      let body = try await base.open(key, range: range)
      var bytes = try await body.collect(limitBytes: 64 << 20)
      let first = Int(range?.first ?? 0)
      var end = bytes.count
      switch fault {
      case .breaksAfter(let count), .stallsAfter(let count): end = min(end, count)
      case .spoils(let offset): if offset >= first, offset - first < bytes.count { bytes[offset - first] ^= 1 }
      case .none: break
      }
      let (content, length, limit) = (bytes, body.contentLengthBytes, end)
      let position = Mutex(0)
      return ObjectBody(objectSizeBytes: body.objectSizeBytes, contentLengthBytes: length) {
        [fault] () async throws(StorageError) in
        let start = position.withLock { position in
          defer { position = min(position + 1000, limit) }
          return position
        }
        if start < limit { return Array(content[start..<min(start + 1000, limit)]) }
        if limit == content.count { return nil }
        if case .stallsAfter = fault {
          do { try await Task.sleep(for: .seconds(3600)) } catch { throw .cancelled }
        }
        throw .truncated(expectedBytes: length, receivedBytes: Int64(limit))
      }
    }
  }

  /// A blob with a copy in each of several stores, and what was learned about them.
  private struct Setting {
    let blob: BlobRecord
    let bytes: [UInt8]
    let stores: [SpoilingStore]
    let health: StoreHealth
    let doubts = Doubts()

    final class Doubts: Sendable {
      let noted = Mutex<[(LocationID, DoubtfulCopies.Doubt)]>([])
    }

    init(_ faults: [SpoilingStore.Fault], bytes: [UInt8], missingAt missing: Int? = nil) async throws {
      self.bytes = bytes
      var stores: [SpoilingStore] = []
      var placements: [Placement] = []
      let path = try #require(StoragePath("registry"))
      for (index, fault) in faults.enumerated() {
        let base = MemoryStore(location: try LocationID(parsing: "store\(index)"), storagePath: path)
        let key = ObjectKey.blob(storagePath: path, identifier: RandomIdentifier())
        if index != missing { _ = try await base.put(key, bytes: bytes, attributes: ObjectAttributes()) }
        stores.append(SpoilingStore(base: base, fault: fault))
        placements.append(Placement(location: base.location, key: key))
      }
      self.stores = stores
      blob = BlobRecord(
        id: BlobID(rawValue: 1), digest: Digest(of: bytes), sizeBytes: Int64(bytes.count), placements: placements)
      health = StoreHealth(locations: stores.map(\.location))
    }

    /// Serves the blob; what arrived is in `received`, also where that throws.
    func serve(_ part: ByteRange? = nil, into received: inout [UInt8]) async throws {
      let watch = CopyWatch(
        health: health, samples: KnownObjects(),
        doubt: { [doubts] placement, _, doubt in doubts.noted.withLock { $0.append((placement.location, doubt)) } },
        metrics: RegistryMetrics(registry: MetricsRegistry()),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let health = health
      let writes = WritesUnderWay()
      let observed = Dictionary(
        uniqueKeysWithValues: stores.map {
          ($0.location, ObservedStore(base: $0, health: health, writes: writes) as any BlobStore)
        })
      let opening = CopyOpening(stores: observed, sizeBytes: blob.sizeBytes, patience: .milliseconds(200))
      let opened = try await opening.open(blob.placements, range: part) { watch.note($0, of: blob) }
      var body = FailoverBody(
        blob: blob, part: part, opened: opened, candidates: blob.placements, opening: opening, watch: watch)
      body.limits.stall = .milliseconds(200)
      body.limits.progressBytes = 2000
      let sent = try await body.send { received += $0 }
      #expect(sent == body.lengthBytes)
    }
  }

  private func range(_ first: Int64, _ last: Int64) throws -> ByteRange {
    try #require(ByteRange(first: first, last: last))
  }

  @Test("a body that breaks off goes on at that byte from the next copy", arguments: [true, false])
  func resumes(_ stalls: Bool) async throws {
    let setting = try await Setting(
      [stalls ? .stallsAfter(2500) : .breaksAfter(2500), .none], bytes: PushContent.bytes(9000))
    var received: [UInt8] = []
    try await setting.serve(into: &received)
    #expect(received == setting.bytes)
    #expect(setting.stores[1].opened.ranges.withLock { $0 } == [try range(2500, 8999)])
    // One that falls silent is not to keep the next client waiting; one that breaks off costs nothing.
    #expect(setting.health.isDoubted(setting.stores[0].location) == stalls)
  }

  @Test("a part goes on within itself")
  func resumesPart() async throws {
    let setting = try await Setting([.breaksAfter(1500), .none], bytes: PushContent.bytes(9000))
    var received: [UInt8] = []
    try await setting.serve(try range(100, 6099), into: &received)
    #expect(received == Array(setting.bytes[100...6099]))
    #expect(setting.stores[1].opened.ranges.withLock { $0 } == [try range(1600, 6099)])
  }

  @Test("the only copy is opened again and again while it gives something, and then given up")
  func onlyCopy() async throws {
    let setting = try await Setting([.breaksAfter(2500)], bytes: PushContent.bytes(9000))
    var received: [UInt8] = []
    try await setting.serve(into: &received)
    #expect(received == setting.bytes)
    let silent = try await Setting([.breaksAfter(100), .breaksAfter(100)], bytes: PushContent.bytes(9000))
    received = []
    await #expect(throws: StorageError.self) { try await silent.serve(into: &received) }
    #expect(received.count < 9000)
    #expect(Array(silent.bytes.prefix(received.count)) == received)
    for store in silent.stores { #expect(store.opened.ranges.withLock { $0.count } <= 3) }
  }

  @Test("wrong bytes never reach the client whole, and the store is doubted")
  func wrongBytes() async throws {
    let setting = try await Setting([.spoils(4000), .none], bytes: PushContent.bytes(9000))
    var received: [UInt8] = []
    await #expect(throws: VerificationFailure.self) { try await setting.serve(into: &received) }
    #expect(received.count == 8000)
    #expect(setting.health.isDoubted(setting.stores[0].location))
    #expect(!setting.health.isDoubted(setting.stores[1].location))
    let doubts = setting.doubts.noted.withLock { $0 }
    #expect(doubts.map(\.0) == [setting.stores[0].location])
    #expect(doubts.map(\.1) == [.wrongContent])
  }

  @Test("a copy that is gone is passed over and looked at again")
  func missing() async throws {
    let setting = try await Setting([.none, .none], bytes: PushContent.bytes(9000), missingAt: 0)
    var received: [UInt8] = []
    try await setting.serve(into: &received)
    #expect(received == setting.bytes)
    #expect(setting.doubts.noted.withLock { $0.map(\.1) } == [.missing])
    #expect(setting.health.isUsable(setting.stores[0].location, for: .reading))
  }

  @Test("a client that goes away ends the transfer with its own error")
  func clientGone() async throws {
    struct Gone: Error {}
    let setting = try await Setting([.none], bytes: PushContent.bytes(9000))
    let opening = CopyOpening(
      stores: [setting.stores[0].location: setting.stores[0]], sizeBytes: setting.blob.sizeBytes)
    let opened = try await opening.open(setting.blob.placements, range: nil) { _ in }
    let watch = CopyWatch(
      health: setting.health, samples: KnownObjects(), doubt: { _, _, _ in },
      metrics: RegistryMetrics(registry: MetricsRegistry()),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let body = FailoverBody(
      blob: setting.blob, part: nil, opened: opened, candidates: setting.blob.placements, opening: opening, watch: watch
    )
    await #expect(throws: Gone.self) { _ = try await body.send { _ in throw Gone() } }
  }
}
