package import SharedModel
private import Synchronization

/// What this process knows of every store, shared by everything that calls them (H5).
///
/// Locks are held for a few instructions only; nothing here waits or calls a store.
package final class StoreHealth: Sendable {
  private let limits: StoreKnowledge.Limits
  private let now: @Sendable () -> ContinuousClock.Instant
  private let stores: Mutex<[LocationID: StoreKnowledge]>

  /// Knows nothing of `locations` yet, and takes all of them for usable; `now` is the time everything is measured by.
  package init(
    locations: some Sequence<LocationID>, limits: StoreKnowledge.Limits = .init(),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.limits = limits
    self.now = now
    stores = Mutex(
      Dictionary(locations.map { ($0, StoreKnowledge(limits: limits)) }, uniquingKeysWith: { first, _ in first }))
  }

  /// The stores known.
  package var locations: [LocationID] { stores.withLock { $0.keys.sorted() } }

  /// Reports what a call came to.
  package func record(_ location: LocationID, _ use: StoreKnowledge.Use, _ outcome: StoreKnowledge.Outcome) {
    change(location) { store, now in
      var generator = SystemRandomNumberGenerator()
      store.record(outcome, of: use, at: now, using: &generator)
    }
  }

  /// Reports what a proof came to; returns whether the store has gone down or come up by it.
  @discardableResult
  package func recordProof(_ location: LocationID, _ outcome: StoreKnowledge.Outcome) -> Bool {
    change(location) { store, now in
      var generator = SystemRandomNumberGenerator()
      return store.recordProof(outcome, at: now, using: &generator)
    } ?? false
  }

  /// Reports what the region's health service said of the store, `age` ago.
  package func recordWord(_ location: LocationID, _ status: ProbeStatus, age: Duration) {
    change(location) { store, now in store.recordWord(status, at: now - age) }
  }

  /// Reports that an object of the store had wrong bytes, or that its body fell silent in the middle.
  package func recordDoubt(_ location: LocationID) {
    change(location) { store, now in store.recordDoubt(at: now) }
  }

  /// Reports that an object of the store was read to its end and had the right bytes.
  package func recordRightBytes(_ location: LocationID) {
    change(location) { store, _ in store.recordRightBytes() }
  }

  /// Whether the store should be used while another one can be; an unknown location should not.
  package func isUsable(_ location: LocationID, for use: StoreKnowledge.Use) -> Bool {
    change(location) { store, now in store.isUsable(for: use, at: now) } ?? false
  }

  /// Those of `locations` that should not be used while another one can be.
  package func unusable(_ locations: some Sequence<LocationID>, for use: StoreKnowledge.Use) -> Set<LocationID> {
    let now = now()
    return stores.withLock { stores in
      Set(locations.filter { !(stores[$0]?.isUsable(for: use, at: now) ?? false) })
    }
  }

  /// Whether the store may be relied upon without a way back: it is usable for reading, answered within `age`, and no
  /// call to it failed since.
  package func isProven(_ location: LocationID, within age: Duration) -> Bool {
    change(location) { store, now in
      guard let provenAt = store.provenAt, now - provenAt <= age else { return false }
      return store.isUsable(for: .reading, at: now)
    } ?? false
  }

  /// Whether proof after proof has failed: waiting for the store is in vain.
  package func isDown(_ location: LocationID) -> Bool { change(location) { store, _ in store.isDown } ?? false }

  /// Whether it is time to see with bytes nobody waits for whether the store takes writes again.
  package func wantsWriteProof(_ location: LocationID) -> Bool {
    change(location) { store, now in store.wantsWriteProof(at: now) } ?? false
  }

  /// Whether a body of the store was wrong or fell silent lately, and too few were right since.
  package func isDoubted(_ location: LocationID) -> Bool {
    change(location) { store, now in store.isDoubted(at: now) } ?? false
  }

  @discardableResult
  private func change<Value: Sendable>(
    _ location: LocationID, _ body: (inout StoreKnowledge, ContinuousClock.Instant) -> Value
  ) -> Value? {
    let now = now()
    return stores.withLock { stores in
      // In place: the value is not copied for each of the many calls.
      guard let index = stores.index(forKey: location) else { return nil }
      return body(&stores.values[index], now)
    }
  }
}
