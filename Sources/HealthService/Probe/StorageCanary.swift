import Shared
import Synchronization

/// The canary object a health service keeps in one store: the last one written, for reads to be judged by.
///
/// Writes and reads are looked at apart, because a full or read-only store still reads well (H3).
final class StorageCanary: Sendable {
  private struct Kept {
    let key: ObjectKey
    let bytes: [UInt8]
  }

  private static let sizeBytes = 512

  private let store: any BlobStore
  private let isReadOnly: @Sendable (LocationID) -> Bool
  private let kept = Mutex<Kept?>(nil)

  /// Looks after the canary of `store`; where `isReadOnly` says so nothing is written (G18).
  init(store: any BlobStore, isReadOnly: @escaping @Sendable (LocationID) -> Bool) {
    self.store = store
    self.isReadOnly = isReadOnly
  }

  /// Writes a canary under a fresh key and deletes the one before it.
  func write() async throws {
    guard !isReadOnly(store.location) else { return try await store.probe() }
    let name = RandomIdentifier()
    let canary = Kept(
      key: .canary(storagePath: store.storagePath, name: name),
      bytes: Array(String(repeating: name.hex, count: Self.sizeBytes / 32).utf8))
    _ = try await store.put(canary.key, bytes: canary.bytes, attributes: ObjectAttributes())
    let last = kept.withLock { kept -> Kept? in
      defer { kept = canary }
      return kept
    }
    // A canary that stays behind after a failure is swept with other orphans.
    if let last { try await store.delete(last.key) }
  }

  /// Reads the canary to its end and compares every byte.
  ///
  /// Where none was ever written a store that answers, with a missing object, can be read.
  func read() async throws {
    for _ in 0..<2 {
      guard let canary = kept.withLock({ $0 }) else {
        return try await readNothing()
      }
      do {
        let body = try await store.open(canary.key, range: nil)
        guard try await body.collect(limitBytes: Self.sizeBytes) == canary.bytes else { throw ProbeError.wrongBytes }
        return
      } catch {
        // The next canary has been written meanwhile and this one deleted: that one is to be read.
        guard let now = kept.withLock({ $0 }), now.key != canary.key else { throw error }
      }
    }
  }

  /// Deletes the canary, when the process ends.
  func remove() async {
    guard let last = kept.withLock({ $0 }), !isReadOnly(store.location) else { return }
    // What stays behind is swept with other orphans.
    try? await store.delete(last.key)
  }

  private func readNothing() async throws {
    let key = ObjectKey.canary(storagePath: store.storagePath, name: RandomIdentifier())
    guard try await store.head(key) != nil else { return }
    throw ProbeError.wrongBytes
  }
}
