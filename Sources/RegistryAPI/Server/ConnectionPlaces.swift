import Glibc
import NIOCore
import Synchronization

/// How many connections may be open at once.
struct ConnectionLimits: Sendable, Hashable {
  var total = 10_000
  /// From one public IPv4 address or IPv6 network of 64 bits; private addresses are load balancers' and are not counted.
  var perAddress = 1000
}

/// Counts open connections and says which of them are too many (security rule 19).
final class ConnectionPlaces: Sendable {
  /// Who a connection counts for.
  struct Source: Sendable, Hashable {
    fileprivate let bytes: [UInt8]
  }

  /// What becomes of a new connection.
  enum Verdict: Sendable, Hashable {
    case admitted
    case tooMany
    case tooManyFromAddress
  }

  private struct State {
    var total = 0
    var bySource: [Source: Int] = [:]
  }

  private let limits: ConnectionLimits
  private let onRefusal: @Sendable () -> Void
  private let state = Mutex(State())

  init(limits: ConnectionLimits, onRefusal: @escaping @Sendable () -> Void = {}) {
    self.limits = limits
    self.onRefusal = onRefusal
  }

  /// Connections that are open, refused ones among them until they are closed.
  var count: Int { state.withLock { $0.total } }

  /// Counts a connection, whatever the verdict: a refused one takes a place until it is closed.
  func enter(_ source: Source?) -> Verdict {
    let verdict = state.withLock { state -> Verdict in
      state.total += 1
      guard let source else { return state.total > limits.total ? .tooMany : .admitted }
      let count = (state.bySource[source] ?? 0) + 1
      state.bySource[source] = count
      if count > limits.perAddress { return .tooManyFromAddress }
      return state.total > limits.total ? .tooMany : .admitted
    }
    if verdict != .admitted { onRefusal() }
    return verdict
  }

  /// Counts a connection no longer.
  func leave(_ source: Source?) {
    state.withLock { state in
      state.total -= 1
      guard let source, let count = state.bySource[source] else { return }
      state.bySource[source] = count > 1 ? count - 1 : nil
    }
  }
}

extension ConnectionPlaces.Source {
  /// The public address a connection comes from; nil for private, local and unknown ones.
  init?(_ address: SocketAddress?) { self.init(text: address?.ipAddress) }

  /// The same for an address as text.
  init?(text: String?) {
    guard let text else { return nil }
    if let bytes = Self.parse(text, family: AF_INET, count: 4) {
      guard !Self.isPrivate(v4: bytes) else { return nil }
      self.bytes = bytes
      return
    }
    guard let bytes = Self.parse(text, family: AF_INET6, count: 16) else { return nil }
    // An IPv4 client of a socket that takes both (RFC 4291 section 2.5.5.2).
    if bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xff, 0xff]) {
      guard !Self.isPrivate(v4: Array(bytes.suffix(4))) else { return nil }
      self.bytes = Array(bytes.suffix(4))
    } else {
      guard !Self.isPrivate(v6: bytes) else { return nil }
      self.bytes = Array(bytes.prefix(8))
    }
  }

  private static func parse(_ text: String, family: Int32, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }

  /// Loopback, RFC 1918, shared (RFC 6598) and link-local addresses.
  private static func isPrivate(v4 bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, let second = bytes.dropFirst().first else { return true }
    return switch first {
    case 10, 127: true
    case 100: (64..<128).contains(second)
    case 169: second == 254
    case 172: (16..<32).contains(second)
    case 192: second == 168
    default: false
    }
  }

  /// Loopback, unique local (RFC 4193) and link-local addresses.
  private static func isPrivate(v6 bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, let second = bytes.dropFirst().first else { return true }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return true }
    return first & 0xfe == 0xfc || (first == 0xfe && second & 0xc0 == 0x80)
  }
}
