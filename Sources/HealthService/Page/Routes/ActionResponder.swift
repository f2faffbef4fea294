import HTTPTypes
import Logging
import Shared

/// Shows the forms of the page's actions, and does what they ask.
///
/// A form is taken only with a session, from this page (`RequestOrigin`), and with the token of that session and action:
/// no other site can have anything done, whatever it makes a browser send.
struct ActionResponder: Sendable {
  let page: PageResponder

  /// An action that takes longer has failed; whether it was done is then not known.
  private static let deadline: Duration = .seconds(10)

  /// Answers GET with the form and POST with what it came to.
  func answer(_ action: PageAction, _ request: PageRequest) async -> PageAnswer {
    guard request.isRead || request.method == .post else { return page.refusal(.methodNotAllowed, request) }
    guard let session = page.access.session(of: request) else {
      return page.message(
        .forbidden, "Log in first", ["You are not logged in, or were for longer than half an hour."], nil)
    }
    return request.isRead ? form(action, request, session) : await order(action, request, session)
  }

  private var forms: ActionForms {
    ActionForms(verdicts: page.state.verdicts, statuses: page.keeper.current.picture?.statuses ?? [])
  }

  private func form(_ action: PageAction, _ request: PageRequest, _ session: PageSession) -> PageAnswer {
    guard let subject = request.query[action.subject], forms.knows(subject, for: action) else {
      return page.refusal(.notFound, request)
    }
    return page.page(
      .ok, forms.view(action, subject, token: page.access.token(for: action, in: session)), session)
  }

  private func order(_ action: PageAction, _ request: PageRequest, _ session: PageSession) async -> PageAnswer {
    guard RequestOrigin.isOwn(request.fields, host: request.host) else { return page.refusal(.forbidden, request) }
    guard isForm(request) else { return page.refusal(.unsupportedMediaType, request) }
    let bytes: [UInt8]?
    do {
      bytes = try await request.body()
    } catch {
      return page.refusal(.badRequest, request)
    }
    guard let bytes, let form = FormFields(bytes) else { return page.refusal(.badRequest, request) }
    guard page.access.accepts(form["token"], for: action, in: session) else {
      return page.refusal(.forbidden, request)
    }
    let forms = forms
    guard let subject = form[action.subject], forms.knows(subject, for: action) else {
      return page.refusal(.notFound, request)
    }
    do {
      let order = try ActionOrder(action, form, needsConfirmation: forms.isLast(subject))
      let note = try await withDeadline(Self.deadline) { [page] in
        try await Self.carryOut(order, by: session.user, page.operations)
      }
      page.logger.notice("operator's order", metadata: Self.audit(order, session, note))
      var answer = PageAnswer.redirect(to: "/")
      answer.fields.append(
        SessionCookie.setting(SessionCookie.note, to: page.access.note(note), maxAge: 30, isSecure: request.isSecure))
      return answer
    } catch let mistakes as ActionOrder.Mistakes {
      let view = forms.view(
        action, subject, token: page.access.token(for: action, in: session), sent: form, mistakes: mistakes.sentences)
      return page.page(.unprocessableContent, view, session)
    } catch {
      page.logger.error(
        "an operator's order failed",
        metadata: [
          "action": "\(action.rawValue)", "about": "\(subject)", "by": "\(session.user)", "error": "\(error)",
        ])
      let view = forms.view(
        action, subject, token: page.access.token(for: action, in: session), sent: form,
        mistakes: ["It could not be done: the database did not answer. Look whether it was done, and try again."])
      return page.page(.serviceUnavailable, view, session)
    }
  }

  private func isForm(_ request: PageRequest) -> Bool {
    let type = request.fields[.contentType]?.split(separator: ";").first?.lowercased()
    return type == "application/x-www-form-urlencoded"
  }

  /// Does it, and says what it came to.
  private static func carryOut(
    _ order: ActionOrder, by user: String, _ operations: PageOperations
  ) async throws -> String {
    switch order {
    case .drain(let region, let direction, let reason, let duration):
      try await operations.drain(region, direction, reason, user, duration)
      return "Region \(region) is drained. Every health service knows within five seconds."
    case .undrain(let region):
      return try await operations.undrain(region)
        ? "The drain of region \(region) is ended." : "Region \(region) was not drained."
    case .retry(let location, let states):
      let result = try await operations.retry(location, states)
      let jobs = PlainWords.count(Int64(result.jobs), "copy is", "copies are")
      return "\(jobs) tried again at \(location).\(result.isMore ? " There are more: do it once more." : "")"
    case .verify(let location, let depth):
      guard try await operations.verify(location, depth, user) else { return "There is no location \(location)." }
      return "The copies at \(location) will be verified. A worker begins within two minutes."
    }
  }

  /// What the log keeps of an order: who, what and about what, never a token or a cookie.
  private static func audit(_ order: ActionOrder, _ session: PageSession, _ note: String) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["by": "\(session.user)", "session": "\(session.nonce.prefix(8))"]
    switch order {
    case .drain(let region, let direction, let reason, let duration):
      metadata["action"] = "drain"
      metadata["about"] = "\(region)"
      metadata["direction"] = "\(direction.rawValue)"
      metadata["reason"] = "\(reason)"
      metadata["for"] = "\(duration.map { PlainWords.span(seconds: $0.components.seconds) } ?? "open")"
    case .undrain(let region):
      metadata["action"] = "undrain"
      metadata["about"] = "\(region)"
    case .retry(let location, let states):
      metadata["action"] = "retry"
      metadata["about"] = "\(location)"
      metadata["states"] = "\(states.map(\.rawValue).joined(separator: ","))"
    case .verify(let location, let depth):
      metadata["action"] = "verify"
      metadata["about"] = "\(location)"
      metadata["depth"] = "\(depth.rawValue)"
    }
    metadata["result"] = "\(note)"
    return metadata
  }
}
