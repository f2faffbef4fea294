import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Answers `/metrics` and `/livez` of a worker from memory; no answer waits for the database, the queue or a store.
struct MetricsResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let registry: MetricsRegistry
  /// Called before the metrics are written out.
  let refresh: @Sendable () -> Void

  func respond(to request: Request, context: Context) async throws -> Response {
    guard request.method == .get || request.method == .head else {
      return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
    }
    switch request.uri.path {
    case "/metrics":
      refresh()
      return answer(.ok, registry.prometheusText(), type: MetricsRegistry.contentType, for: request)
    case "/livez": return answer(.ok, "ok\n", type: "text/plain", for: request)
    default: return answer(.notFound, "there is /metrics and /livez\n", type: "text/plain", for: request)
    }
  }

  private func answer(_ status: HTTPResponse.Status, _ text: String, type: String, for request: Request) -> Response {
    let body = Array(text.utf8)
    let headers: HTTPFields = [.contentType: type, .contentLength: String(body.count), .cacheControl: "no-store"]
    return Response(
      status: status, headers: headers,
      body: request.method == .head ? .init() : .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}
