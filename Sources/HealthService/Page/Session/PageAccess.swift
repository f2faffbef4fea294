import HTTPTypes
import Shared

/// Who is logged in to the page, and how one logs in.
struct PageAccess: Sendable {
  /// What a login came to.
  enum Login: Sendable {
    case accepted(PageSession, cookie: String)
    /// Name or password are missing or wrong.
    case refused
    /// Too many wrong ones lately.
    case throttled
  }

  /// Nil where nobody can log in: there is no password, or authentication is off.
  private let signer: SessionSigner?
  private let directory: SuperuserDirectory
  private let throttle: LoginThrottle
  private let now: @Sendable () -> Int64

  /// Takes the superusers and the secrets of the configuration; `now` is in seconds since the epoch.
  init(
    directory: SuperuserDirectory, secretKey: Secret?, password: Secret?, throttle: LoginThrottle = LoginThrottle(),
    now: @escaping @Sendable () -> Int64
  ) {
    self.directory = directory
    self.throttle = throttle
    self.now = now
    signer =
      directory.isOpenToSomebody ? password.map { SessionSigner(secretKey: secretKey, password: $0) } : nil
  }

  /// Whether anybody can log in.
  var isOpen: Bool { signer != nil }

  /// The session a request comes with; nil where it has none that is good.
  func session(of request: PageRequest) -> PageSession? {
    guard let signer, let cookie = request.cookie(SessionCookie.session),
      let session = signer.session(from: cookie, now: now()), directory.knows(session.user)
    else { return nil }
    return session
  }

  /// Checks the name and password of a Basic header.
  func logIn(_ request: PageRequest) -> Login {
    guard let signer, let header = request.fields[.authorization] else { return .refused }
    guard throttle.admits(request.peer) else { return .throttled }
    guard case .basic(let user, let password)? = Credentials(header: header),
      directory.accepts(user: user, password: password)
    else {
      throttle.failed(request.peer)
      return .refused
    }
    let session = PageSession(
      user: user, nonce: RandomIdentifier().hex, expiresAt: now() + PageSession.lifetimeSeconds)
    return .accepted(session, cookie: signer.cookie(for: session))
  }

  /// The token for a form of an action.
  func token(for action: PageAction, in session: PageSession) -> String {
    signer?.token(for: action.rawValue, in: session) ?? ""
  }

  /// Whether a form's token is this session's for that action.
  func accepts(_ token: String?, for action: PageAction, in session: PageSession) -> Bool {
    guard let signer, let token else { return false }
    return signer.accepts(token, for: action.rawValue, in: session)
  }

  /// The value of the cookie that carries a sentence to the next page.
  func note(_ text: String) -> String { signer?.note(text) ?? "" }

  /// The sentence of such a cookie.
  func note(of request: PageRequest) -> String? {
    guard let signer, let cookie = request.cookie(SessionCookie.note) else { return nil }
    return signer.text(fromNote: cookie)
  }
}
