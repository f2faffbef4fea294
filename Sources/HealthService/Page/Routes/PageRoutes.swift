import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// The page behind the health service's HTTP server.
struct PageRoutes: Sendable {
  let responder: PageResponder

  /// Answers a request for the page; nil for a path that is not the page's.
  func respond(to request: Request, context: PageContext) async throws -> Response? {
    var query: [String: String] = [:]
    for (name, value) in request.uri.queryParameters where query[String(name)] == nil {
      query[String(name)] = String(value)
    }
    let page = PageRequest(
      method: request.method, path: request.uri.path, query: query, fields: request.headers,
      host: request.head.authority, peer: Self.forwarded(request.headers) ?? context.peer,
      isLocal: Self.forwarded(request.headers) == nil && Self.isLoopback(context.peer),
      body: { try await Self.collect(request.body) })
    guard let answer = await responder.answer(page) else { return nil }
    var fields = answer.fields
    fields[.contentLength] = String(answer.body.count)
    return Response(
      status: answer.status, headers: fields,
      body: page.isHead ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
  }

  private static func isLoopback(_ peer: String) -> Bool {
    peer == "::1" || peer.hasPrefix("127.") || peer.hasPrefix("::ffff:127.")
  }

  /// Reads a form; nil where it is longer than one may be. The rest is then not read.
  private static func collect(_ body: RequestBody) async throws -> [UInt8]? {
    var bytes: [UInt8] = []
    for try await buffer in body {
      guard bytes.count + buffer.readableBytes <= FormFields.maximumBytes else { return nil }
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    return bytes
  }

  /// Who asks, by the last hop that says so; nil without a proxy. It can be made up, but the bound on all logins together
  /// cannot be got round.
  private static func forwarded(_ fields: HTTPFields) -> String? {
    guard let name = HTTPField.Name("X-Forwarded-For"), let text = fields[name] else { return nil }
    return text.split(separator: ",").last.map { String($0.prefix(64)) }
  }
}
