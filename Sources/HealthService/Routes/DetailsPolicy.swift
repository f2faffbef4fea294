import NIOCore
import Shared

/// Who may see reasons in words and what is known of other locations.
struct DetailsPolicy: Sendable {
  let audience: DetailsAudience
  let superusers: SuperuserDirectory

  /// Decides for one request; a bad login sees what everybody sees, for a checker's password may be out of date and the
  /// verdict must still reach it. Where the request came through a proxy that says so, its peer says nothing about who asks.
  func showsDetails(authorization: String?, peer: SocketAddress?, isForwarded: Bool) -> Bool {
    switch audience {
    case .everybody: true
    case .loopback: (!isForwarded && Self.isLoopback(peer)) || isSuperuser(authorization)
    case .superusers: isSuperuser(authorization)
    }
  }

  private func isSuperuser(_ authorization: String?) -> Bool {
    guard let authorization, case .basic(let user, let password)? = Credentials(header: authorization) else {
      return false
    }
    return superusers.accepts(user: user, password: password)
  }

  private static func isLoopback(_ peer: SocketAddress?) -> Bool {
    guard let text = peer?.ipAddress else { return false }
    return text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
  }
}
