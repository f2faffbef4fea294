import Shared

/// The probe of a location's store: writes a small canary under a fresh key, reads it back, compares and deletes it.
///
/// Where nothing may be written (G18) it is only asked whether it answers.
enum StorageProbe {
  private static let sizeBytes = 512

  /// Builds the probe of `store`; `isReadOnly` is asked with every look.
  static func make(
    store: any BlobStore, isReadOnly: @escaping @Sendable (LocationID) -> Bool = { _ in false }
  ) -> Probe {
    Probe(target: .storage(store.location)) {
      if isReadOnly(store.location) {
        try await store.probe()
        return .pass
      }
      let name = RandomIdentifier()
      let key = ObjectKey.canary(storagePath: store.storagePath, name: name)
      let bytes = Array(String(repeating: name.hex, count: sizeBytes / 32).utf8)
      _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
      do {
        let body = try await store.open(key, range: nil)
        guard try await body.collect(limitBytes: sizeBytes) == bytes else { throw ProbeError.wrongBytes }
      } catch {
        // The first error is the one to report; the canary that stays behind is swept with other orphans.
        try? await store.delete(key)
        throw error
      }
      try await store.delete(key)
      return .pass
    }
  }
}
