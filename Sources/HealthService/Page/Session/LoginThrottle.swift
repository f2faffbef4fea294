import Synchronization

/// Bounds how often somebody may try to log in: an address has a few tries in a row and then one every few seconds, and
/// all addresses together a few a second (security rule 14). Right passwords cost nothing.
///
/// Nobody is locked out for longer than it takes to win one try back, so it is no way to keep an operator away.
final class LoginThrottle: Sendable {
  /// Tries left and when they were counted.
  private struct Bucket {
    var tries: Double
    var countedAt: ContinuousClock.Instant
  }

  private struct State {
    var everybody: Bucket
    var addresses: [String: Bucket] = [:]
  }

  private static let perAddress = (burst: 5.0, perSecond: 0.2)
  private static let together = (burst: 30.0, perSecond: 2.0)
  /// More addresses than these share what is left of everybody's tries.
  private static let maximumAddresses = 1000

  private let state: Mutex<State>

  /// Everybody starts with a full measure.
  init(now: ContinuousClock.Instant = .now) {
    state = Mutex(State(everybody: Bucket(tries: Self.together.burst, countedAt: now)))
  }

  /// Whether `address` may try now; to be told of a failure by `failed`.
  func admits(_ address: String, now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { state in
      Self.fill(&state.everybody, Self.together, now)
      guard state.everybody.tries >= 1 else { return false }
      guard var bucket = state.addresses[address] else { return true }
      Self.fill(&bucket, Self.perAddress, now)
      state.addresses[address] = bucket
      return bucket.tries >= 1
    }
  }

  /// Takes note of a wrong password from `address`.
  func failed(_ address: String, now: ContinuousClock.Instant = .now) {
    state.withLock { state in
      Self.fill(&state.everybody, Self.together, now)
      state.everybody.tries = max(0, state.everybody.tries - 1)
      if state.addresses[address] == nil, state.addresses.count >= Self.maximumAddresses {
        // Those who have won all their tries back are as good as new.
        state.addresses = state.addresses.filter { entry in
          var bucket = entry.value
          Self.fill(&bucket, Self.perAddress, now)
          return bucket.tries < Self.perAddress.burst
        }
        guard state.addresses.count < Self.maximumAddresses else { return }
      }
      var bucket = state.addresses[address] ?? Bucket(tries: Self.perAddress.burst, countedAt: now)
      Self.fill(&bucket, Self.perAddress, now)
      bucket.tries = max(0, bucket.tries - 1)
      state.addresses[address] = bucket
    }
  }

  private static func fill(
    _ bucket: inout Bucket, _ rate: (burst: Double, perSecond: Double), _ now: ContinuousClock.Instant
  ) {
    guard now > bucket.countedAt else { return }
    bucket.tries = min(rate.burst, bucket.tries + (now - bucket.countedAt) / .seconds(1) * rate.perSecond)
    bucket.countedAt = now
  }
}
