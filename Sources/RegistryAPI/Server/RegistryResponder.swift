import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Shared

/// Answers one request after another: route, access, handler, answer, log and metrics.
struct RegistryResponder: Sendable {
  let services: RegistryServices

  /// Answers a request and leaves the connection in a state in which the next one can be read, or closes it.
  ///
  /// Throws only where the connection broke.
  func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel) async throws {
    let started = ContinuousClock.now
    var record = RequestRecord(id: RandomIdentifier(), method: request.method)
    services.metrics.requestStarted()
    defer { services.metrics.requestEnded() }
    var reader: RequestBodyReader?
    var answer: Answer
    do {
      try RequestHead.check(request)
      let body = try RequestBodyReader(request: request, channel: channel)
      reader = body
      answer = try await self.answer(to: request, body: body, record: &record)
    } catch {
      let failure = OCIFailure(mapping: error)
      record.cause = failure.cause
      answer = (request.head.path ?? "").hasPrefix("/api/") ? Answer(api: failure) : Answer(failure)
    }
    if request.method == .head { answer = answer.withoutBody() }
    let leftOver = LeftOverBody(reader: reader)
    // The parser takes what follows a CONNECT for a tunnel's bytes (RFC 9110 section 9.3.6).
    if leftOver.mustClose || request.method == .connect { answer.closesConnection = true }
    finishFields(&answer, id: record.id)
    record.status = answer.status
    record.receivedBytes = reader?.receivedBytes ?? 0
    do {
      record.sentBytes = try await AnswerWriter.write(answer, to: writer, channel: channel)
    } catch {
      record.cause = record.cause ?? "the answer was not sent to its end: \(error)"
      log(record, since: started)
      throw error
    }
    log(record, since: started)
    if answer.closesConnection { await leftOver.close(channel) }
  }

  private func answer(
    to request: Request, body: RequestBodyReader, record: inout RequestRecord
  ) async throws -> Answer {
    let target = try RequestTarget(request)
    let route = try RoutePath.parse(target.path)
    record.kind = route.kind
    record.repository = route.repository
    try route.requireMethod(request.method)
    let query = target.query.isEmpty ? .none : try QueryParameters(parsing: target.query)
    let principal = try await services.gate.admit(
      authorization: request.headers[.authorization], host: request.head.authority,
      requirement: route.requirement(of: request.method))
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      // Nothing is ever decoded here, so storing it would store other bytes than the client means (security rule 18).
      throw OCIFailure(.unsupported, status: .unsupportedMediaType, "Content-Encoding is not supported")
    }
    let allowed = RegistryRequest(
      method: request.method, query: query, headers: request.headers, principal: principal, reader: body)
    return try await RouteDispatch(services: services).answer(allowed, route: route)
  }

  private func finishFields(_ answer: inout Answer, id: RandomIdentifier) {
    answer.fields[.dockerDistributionAPIVersion] = "registry/2.0"
    answer.fields[.date] = WallClock.httpDate()
    answer.fields[.requestID] = id.hex
    answer.fields[.xContentTypeOptions] = "nosniff"
    if answer.closesConnection { answer.fields[.connection] = "close" }
  }

  private func log(_ record: RequestRecord, since started: ContinuousClock.Instant) {
    let duration = ContinuousClock.now - started
    services.metrics.answered(record, duration: duration)
    services.logger.log(level: record.level, "request", metadata: record.metadata(duration: duration))
  }
}
