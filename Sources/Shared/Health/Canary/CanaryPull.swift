private import Foundation
package import SharedModel

/// Pulls the canary image through one API as a client would: token, manifest by tag and by digest, the layer to its end,
/// every byte compared (R10).
///
/// Where the image is missing it is pushed, by whichever region comes first; ordinary replication then keeps it in every
/// location.
package struct CanaryPull: Sendable {
  private let http: PlainHTTP
  private let api: String
  private let repository: RepositoryName
  private let login: (user: String, password: Secret)?
  private let mayPush: Bool
  private let image = CanaryImage.current

  /// A pull through the API at the base URL `api`; `login` is a superuser's, nil where there is no authentication.
  package init(
    http: PlainHTTP, api: String, repository: RepositoryName, login: (user: String, password: Secret)?, mayPush: Bool
  ) {
    self.http = http
    self.api = api
    self.repository = repository
    self.login = login
    self.mayPush = mayPush
  }

  /// Pulls the whole image, each answer within `limit`; pushes it first where it is not there.
  package func run(within limit: Duration) async throws(CanaryFailure) {
    var token = try await token(for: "pull", within: limit)
    let accept = [(name: "Accept", value: CanaryImage.manifestType)]
    var answer = try await get("manifests/\(CanaryImage.tag)", "the manifest by tag", token, accept, limit)
    if answer.status == 404 {
      try await push(within: limit)
      token = try await self.token(for: "pull", within: limit)
      answer = try await get("manifests/\(CanaryImage.tag)", "the manifest by tag", token, accept, limit)
    }
    try Self.check(answer, is: image.manifest, "the manifest by tag")
    let byDigest = try await get(
      "manifests/\(image.manifest.digest)", "the manifest by digest", token, accept, limit)
    try Self.check(byDigest, is: image.manifest, "the manifest by digest")
    try Self.check(try await layer(token, limit), is: image.layer, "the layer")
  }

  /// The layer, from wherever the API sends for it; the token stays with the API.
  private func layer(_ token: String?, _ limit: Duration) async throws(CanaryFailure) -> PlainHTTP.Answer {
    var answer = try await get("blobs/\(image.layer.digest)", "the layer", token, [], limit)
    var hops = 0
    while [301, 302, 303, 307, 308].contains(answer.status) {
      hops += 1
      guard hops <= 3, let target = answer.field("location"), target.hasPrefix("http") else { throw .badRedirect }
      answer = try await send("GET", target, "the layer from its store", [], nil, limit)
    }
    return answer
  }

  /// Pushes layer, configuration and manifest; any number of services may do so at a time.
  private func push(within limit: Duration) async throws(CanaryFailure) {
    guard mayPush else { throw .missing(reason: "the registry takes no pushes") }
    let token = try await token(for: "pull,push", within: limit)
    for part in [image.layer, image.configuration] {
      let answer = try await send(
        "POST", "\(api)/v2/\(repository)/blobs/uploads/?digest=\(part.digest)", "the push of a blob",
        Self.authorization(token) + [(name: "Content-Type", value: "application/octet-stream")], part.bytes, limit)
      guard answer.status == 201 else { throw .missing(reason: "a blob was answered with \(answer.status)") }
    }
    let answer = try await send(
      "PUT", "\(api)/v2/\(repository)/manifests/\(CanaryImage.tag)", "the push of the manifest",
      Self.authorization(token) + [(name: "Content-Type", value: CanaryImage.manifestType)], image.manifest.bytes, limit
    )
    guard answer.status == 201 else { throw .missing(reason: "the manifest was answered with \(answer.status)") }
  }

  private func token(for actions: String, within limit: Duration) async throws(CanaryFailure) -> String? {
    guard let login else { return nil }
    struct Issued: Decodable { let token: String }
    let basic = Base64.encode(Array("\(login.user):\(login.password.revealed)".utf8))
    let answer = try await send(
      "GET", "\(api)/v2/auth?scope=repository:\(repository):\(actions)", "the token",
      [(name: "Authorization", value: "Basic \(basic)")],
      nil, limit)
    guard answer.status == 200 else { throw .refused(step: "the token", status: answer.status) }
    do {
      return try JSONDecoder().decode(Issued.self, from: Data(answer.body)).token
    } catch {
      throw .wrongBytes(step: "the token")
    }
  }

  private func get(
    _ path: String, _ step: String, _ token: String?, _ headers: [(name: String, value: String)], _ limit: Duration
  ) async throws(CanaryFailure) -> PlainHTTP.Answer {
    try await send("GET", "\(api)/v2/\(repository)/\(path)", step, Self.authorization(token) + headers, nil, limit)
  }

  private func send(
    _ method: String, _ url: String, _ step: String, _ headers: [(name: String, value: String)], _ body: [UInt8]?,
    _ limit: Duration
  ) async throws(CanaryFailure) -> PlainHTTP.Answer {
    do throws(PlainHTTPError) {
      return try await http.send(method, url, headers: headers, body: body, within: limit)
    } catch {
      throw .noAnswer(step: step, error)
    }
  }

  private static func authorization(_ token: String?) -> [(name: String, value: String)] {
    token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
  }

  private static func check(
    _ answer: PlainHTTP.Answer, is part: CanaryImage.Part, _ step: String
  ) throws(CanaryFailure) {
    guard answer.status == 200 else { throw .refused(step: step, status: answer.status) }
    guard answer.body == part.bytes, Digest(of: answer.body) == part.digest else { throw .wrongBytes(step: step) }
  }
}
