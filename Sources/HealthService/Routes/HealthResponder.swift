import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Answers every request from `HealthState`; nothing here waits for a probe, the database or a store.
struct HealthResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let state: HealthState

  func respond(to request: Request, context: Context) async throws -> Response {
    guard request.method == .get || request.method == .head else {
      return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
    }
    let path = request.uri.path
    switch path {
    case "/livez":
      return answer(.ok, Array("ok\n".utf8), type: "text/plain", for: request)
    case "/health", "/health/instance":
      return try quay(.instance(state.snapshot), for: request)
    case "/health/endtoend", "/status":
      return try quay(.endToEnd(state.snapshot), for: request)
    case "/health/regions":
      return answer(.ok, try encode(state.verdicts), type: "application/json", for: request)
    case "/metrics":
      return answer(
        .ok, Array(MetricsRegistry.shared.prometheusText().utf8), type: "text/plain; version=0.0.4", for: request)
    default:
      guard path.hasPrefix("/health/region/") else { return notFound(for: request) }
      return try region(String(path.dropFirst("/health/region/".count)), for: request)
    }
  }

  private func region(_ name: String, for request: Request) throws -> Response {
    guard let verdict = state.verdict(on: name) else { return notFound(for: request) }
    let judgement: Judgement
    switch request.uri.queryParameters["for"] {
    case nil:
      // Without a question both must work; reads and writes are judged apart when asked for.
      judgement = verdict.both
    case "read"?: judgement = verdict.read
    case "write"?: judgement = verdict.write
    default:
      return answer(
        .badRequest, Array("'for' is read or write\n".utf8), type: "text/plain", for: request)
    }
    return answer(
      judgement.servesTraffic ? .ok : .serviceUnavailable, try encode(verdict), type: "application/json", for: request)
  }

  private func quay(_ body: QuayHealthBody, for request: Request) throws -> Response {
    answer(.init(code: body.statusCode), try body.json(), type: "application/json", for: request)
  }

  private func notFound(for request: Request) -> Response {
    answer(.notFound, Array("no such health endpoint or region\n".utf8), type: "text/plain", for: request)
  }

  private func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Array(try encoder.encode(value))
  }

  private func answer(_ status: HTTPResponse.Status, _ body: [UInt8], type: String, for request: Request) -> Response {
    let headers: HTTPFields = [
      .contentType: type, .contentLength: String(body.count), .cacheControl: "no-store",
    ]
    let isHead = request.method == .head
    return Response(
      status: status, headers: headers, body: isHead ? .init() : .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}
