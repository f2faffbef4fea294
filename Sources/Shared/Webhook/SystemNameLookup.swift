private import Dispatch
private import Glibc
package import SharedConfig
import Synchronization

/// The system's resolver, on threads of its own, since it blocks for as long as name servers are silent.
package final class SystemNameLookup: NameLookup {
  /// Lookups that may be under way, abandoned ones included; more are refused.
  private static let atOnce = 8

  private let running = Mutex(0)

  /// Makes a resolver; one is enough for a process.
  package init() {}

  package func addresses(of host: String, within limit: Duration) async throws(WebhookFailure) -> [NetworkAddress] {
    let isAllowed = running.withLock { running -> Bool in
      guard running < Self.atOnce else { return false }
      running += 1
      return true
    }
    guard isAllowed else { throw .unresolved(detail: "too many lookups are under way") }
    let answer = LookupAnswer()
    DispatchQueue.global(qos: .utility).async { [self] in
      answer.settle(Self.lookUp(host))
      running.withLock { $0 -= 1 }
    }
    let timer = Task {
      // Cancelled once there is an answer; settling again changes nothing.
      try? await Task.sleep(for: limit)
      answer.settle(.failure(.unresolved(detail: "no answer in time")))
    }
    let result = await withTaskCancellationHandler {
      await answer.value()
    } onCancel: {
      answer.settle(.failure(.cancelled))
    }
    timer.cancel()
    return try result.get()
  }

  /// Blocks.
  private static func lookUp(_ host: String) -> Result<[NetworkAddress], WebhookFailure> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_family = AF_UNSPEC
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else { return .failure(.unresolved(detail: String(cString: gai_strerror(status)))) }
    var addresses: [NetworkAddress] = []
    var next = list
    while let entry = next {
      if let address = address(entry.pointee), !addresses.contains(address) { addresses.append(address) }
      next = entry.pointee.ai_next
    }
    return addresses.isEmpty ? .failure(.unresolved(detail: "no address")) : .success(addresses)
  }

  private static func address(_ entry: addrinfo) -> NetworkAddress? {
    guard let pointer = UnsafeRawPointer(entry.ai_addr) else { return nil }
    switch entry.ai_family {
    case AF_INET:
      var address = pointer.load(as: sockaddr_in.self).sin_addr
      return NetworkAddress(bytes: withUnsafeBytes(of: &address) { Array($0) })
    case AF_INET6:
      var address = pointer.load(as: sockaddr_in6.self).sin6_addr
      return NetworkAddress(bytes: withUnsafeBytes(of: &address) { Array($0) })
    default: return nil
    }
  }
}
