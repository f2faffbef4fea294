import HTTPTypes
import Logging
import Shared

/// Answers the page, its files, its logins and its forms; everything else is not its own.
struct PageResponder: Sendable {
  let templates: PageTemplates
  let cache: LiveCache
  let state: HealthState
  let keeper: PictureKeeper
  let access: PageAccess
  let operations: PageOperations
  /// Who may read reasons without having logged in (`HEALTH_DETAILS`).
  let details: DetailsAudience
  let logger: Logger

  /// Answers a request; nil for a path that is not the page's.
  func answer(_ request: PageRequest) async -> PageAnswer? {
    switch request.path {
    case "/", "/page/live":
      guard request.isRead else { return refusal(.methodNotAllowed, request) }
      return await status(request)
    case "/page/style.css": return file(request, templates.style, "text/css; charset=utf-8")
    case "/page/script.js": return file(request, templates.script, "text/javascript; charset=utf-8")
    case "/page/icon.svg": return file(request, templates.icon, "image/svg+xml")
    case "/page/login": return request.isRead ? logIn(request) : refusal(.methodNotAllowed, request)
    case "/page/logout": return logOut(request)
    default:
      if let action = PageAction(path: request.path) {
        return await ActionResponder(page: self).answer(action, request)
      }
      return request.path == "/page" || request.path.hasPrefix("/page/") ? refusal(.notFound, request) : nil
    }
  }

  private func status(_ request: PageRequest) async -> PageAnswer {
    let session = access.session(of: request)
    let audience = session == nil ? visitor(request) : PageAudience.superuser
    let isWhole = request.path == "/"
    var view = frame(title: "Meridian status", session)
    view.live = await cache.html(for: audience)
    if isWhole {
      view.note = access.note(of: request)
      view.refreshSeconds = request.query["refresh"].flatMap { Int($0) }.map { "\(min(max($0, 5), 3600))" }
    }
    var answer = PageAnswer.html(.ok, templates.page(view))
    if view.note != nil {
      answer.fields.append(SessionCookie.clearing(SessionCookie.note, isSecure: request.isSecure))
    }
    return answer
  }

  /// Somebody who has not logged in.
  private func visitor(_ request: PageRequest) -> PageAudience {
    switch details {
    case .everybody: PageAudience(isOperator: false, seesDetails: true)
    case .loopback: PageAudience(isOperator: false, seesDetails: request.isLocal)
    case .superusers: .anybody
    }
  }

  private func file(_ request: PageRequest, _ bytes: [UInt8], _ type: String) -> PageAnswer {
    request.isRead ? .file(bytes, type: type) : refusal(.methodNotAllowed, request)
  }

  private func logIn(_ request: PageRequest) -> PageAnswer {
    guard access.isOpen else {
      return message(
        .notFound, "Nobody can log in here", ["The configuration has no SUPER_USERS with a SUPERUSER_PASSWORD."], nil)
    }
    switch access.logIn(request) {
    case .accepted(let session, let cookie):
      logger.notice("superuser logged in to the page", metadata: ["by": "\(session.user)"])
      var answer = PageAnswer.redirect(to: "/")
      answer.fields.append(
        SessionCookie.setting(
          SessionCookie.session, to: cookie, maxAge: PageSession.lifetimeSeconds, isSecure: request.isSecure))
      return answer
    case .refused:
      if request.fields[.authorization] != nil { logger.warning("a login to the page was refused") }
      var answer = message(
        .unauthorized, "Log in", ["A name of SUPER_USERS and the superusers' password are needed."], nil)
      answer.fields[.wwwAuthenticate] = #"Basic realm="Meridian status page", charset="UTF-8""#
      return answer
    case .throttled:
      var answer = message(
        .tooManyRequests, "Too many tries", ["There were too many wrong passwords lately. Wait a little."], nil)
      answer.fields[.retryAfter] = "10"
      return answer
    }
  }

  /// Takes the cookie back. Needs no token: a foreign page that could send this would have done nothing worse.
  private func logOut(_ request: PageRequest) -> PageAnswer {
    guard request.method == .post else { return refusal(.methodNotAllowed, request) }
    guard RequestOrigin.isOwn(request.fields, host: request.host) else { return refusal(.forbidden, request) }
    var answer = PageAnswer.redirect(to: "/")
    answer.fields.append(SessionCookie.clearing(SessionCookie.session, isSecure: request.isSecure))
    return answer
  }

  /// The frame that every page has.
  func frame(title: String, _ session: PageSession?) -> PageView {
    PageView(
      title: title, ownRegion: state.region.description, version: templates.version, user: session?.user,
      canLogIn: access.isOpen)
  }

  /// A page with a form or a few sentences.
  func page(_ status: HTTPResponse.Status, _ act: ActView, _ session: PageSession?) -> PageAnswer {
    var view = frame(title: "\(act.title) – Meridian status", session)
    view.act = act
    return .html(status, templates.page(view))
  }

  /// A page with a few sentences.
  func message(
    _ status: HTTPResponse.Status, _ title: String, _ sentences: [String], _ session: PageSession?
  ) -> PageAnswer {
    page(status, ActView(title: title, sentences: sentences), session)
  }

  /// The page for what is not there or not allowed.
  func refusal(_ status: HTTPResponse.Status, _ request: PageRequest) -> PageAnswer {
    let session = access.session(of: request)
    switch status {
    case .notFound: return message(status, "There is no such page", [], session)
    case .forbidden:
      return message(
        status, "That did not come from this page",
        ["Forms are taken only from this page itself. Go back, load the page again and try once more."], session)
    default: return message(status, "That cannot be done here", ["This page is not asked in that way."], session)
    }
  }
}
