import HTTPTypes
import Hummingbird
import Shared

/// Answers what is not answered on the event loop already: the page, the metrics, odd requests.
///
/// Endpoints are answered here too, where a request comes behind one that takes its time.
struct HealthResponder: HTTPResponder {
  typealias Context = PageContext

  let answers: FastAnswers
  let metrics: @Sendable () -> String
  /// The page's routes; nil means "not mine".
  let page: @Sendable (Request, Context) async throws -> Response?

  func respond(to request: Request, context: Context) async throws -> Response {
    let response = try await answer(request, context: context)
    HealthMetrics.shared.answered(target: request.uri.path, status: response.status.code)
    return response
  }

  private func answer(_ request: Request, context: Context) async throws -> Response {
    let isRead = request.method == .get || request.method == .head
    let isHead = request.method == .head
    let uri = request.uri.string
    guard uri.utf8.count <= HealthEndpoint.maximumTargetBytes else {
      return line(414, "the request target is too long", isHead: isHead)
    }
    let query = request.uri.query.map { $0[...] }
    switch HealthEndpoint.reading(path: request.uri.path[...], query: query) {
    case .endpoint(let endpoint):
      guard isRead else { return notAllowed }
      return answers.answer(
        to: endpoint, accept: request.headers[.accept], authorization: request.headers[.authorization], peer: nil,
        isForwarded: true
      ).response(isHead: isHead)
    case .badQuestion:
      guard isRead else { return notAllowed }
      return line(400, "'for' is read or write", isHead: isHead)
    case .elsewhere: break
    }
    if request.uri.path == "/metrics" {
      guard isRead else { return notAllowed }
      return Response(
        status: .ok,
        headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
        body: isHead ? .init() : .init(byteBuffer: .init(string: metrics())))
    }
    if let response = try await page(request, context) { return response }
    guard isRead else { return notAllowed }
    return line(404, "no such health endpoint or region", isHead: isHead)
  }

  private var notAllowed: Response {
    var response = line(405, "only GET and HEAD", isHead: false)
    response.headers[.allow] = "GET, HEAD"
    return response
  }

  private func line(_ code: Int, _ text: String, isHead: Bool) -> Response {
    Answer(code: code, line: text, date: "").response(isHead: isHead)
  }
}
