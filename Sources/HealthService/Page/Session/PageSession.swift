import Shared

/// A superuser who has logged in to the page: everything there is to know of the session, kept in the cookie itself.
///
/// No health service keeps a session, so any of them behind one name may answer, also after a restart.
struct PageSession: Sendable, Hashable {
  /// How long a login is good for.
  static let lifetimeSeconds: Int64 = 30 * 60

  let user: String
  /// 128 random bits that tie the tokens of forms to this login.
  let nonce: String
  /// In seconds since the epoch by the hosts' clocks.
  let expiresAt: Int64
}

/// Signs sessions, the tokens of forms and notes to the next page, and believes only what it has signed.
///
/// The key comes from `SECRET_KEY` and the superusers' password, which are the same in every region, so a new password
/// ends all sessions.
struct SessionSigner: Sendable {
  private static let version = "1"
  /// A cookie longer than this is not looked at.
  private static let maximumBytes = 2048

  private let sessions: MessageCode
  private let forms: MessageCode
  private let notes: MessageCode

  /// Derives the keys.
  init(secretKey: Secret?, password: Secret) {
    let secret = Secret("\(secretKey?.revealed ?? "")\n\(password.revealed)")
    sessions = MessageCode(secret: secret, purpose: "meridian/page/session/1")
    forms = MessageCode(secret: secret, purpose: "meridian/page/form/1")
    notes = MessageCode(secret: secret, purpose: "meridian/page/note/1")
  }

  /// The value of the cookie for a session.
  func cookie(for session: PageSession) -> String {
    let text = "\(Self.version).\(session.expiresAt).\(session.nonce).\(Hexadecimal.encode(Array(session.user.utf8)))"
    return "\(text).\(sessions.code(of: text))"
  }

  /// The session of a cookie; nil where it was not made here, has ended, or lives longer than one may.
  func session(from cookie: String, now: Int64) -> PageSession? {
    guard cookie.utf8.count <= Self.maximumBytes, let dot = cookie.lastIndex(of: ".") else { return nil }
    let text = String(cookie[..<dot])
    guard sessions.accepts(String(cookie[cookie.index(after: dot)...]), of: text) else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == Self.version, let expiresAt = Int64(parts[1]),
      let nonce = RandomIdentifier(parsing: parts[2]), let name = Hexadecimal.decode(parts[3]),
      let user = String(validating: name, as: UTF8.self)
    else { return nil }
    // A cookie from a host whose clock was far ahead must not live on and on.
    guard expiresAt > now, expiresAt - now <= PageSession.lifetimeSeconds + 600 else { return nil }
    return PageSession(user: user, nonce: nonce.hex, expiresAt: expiresAt)
  }

  /// The token that a form for `action` has to bring along.
  func token(for action: String, in session: PageSession) -> String {
    forms.code(of: "\(session.nonce) \(session.expiresAt) \(session.user) \(action)")
  }

  /// Whether a form for `action` brings the token of this session.
  func accepts(_ token: String, for action: String, in session: PageSession) -> Bool {
    forms.accepts(token, of: "\(session.nonce) \(session.expiresAt) \(session.user) \(action)")
  }

  /// The cookie that carries one sentence to the next page.
  func note(_ text: String) -> String {
    let hex = Hexadecimal.encode(Array(text.utf8.prefix(400)))
    return "\(hex).\(notes.code(of: hex))"
  }

  /// The sentence of such a cookie; nil where it was not made here.
  func text(fromNote cookie: String) -> String? {
    guard cookie.utf8.count <= Self.maximumBytes, let dot = cookie.lastIndex(of: ".") else { return nil }
    let hex = String(cookie[..<dot])
    guard notes.accepts(String(cookie[cookie.index(after: dot)...]), of: hex) else { return nil }
    return Hexadecimal.decode(hex).map { String(decoding: $0, as: UTF8.self) }
  }
}
