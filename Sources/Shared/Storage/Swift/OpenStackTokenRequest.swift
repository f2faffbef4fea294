internal import HTTPTransport
internal import SharedConfig
internal import SharedModel

/// One sign-in: Swift's own (version 1), or Keystone's versions 2 and 3.
///
/// Version 1: https://docs.openstack.org/api-ref/object-store/ ("Authentication"); version 2 and 3: Keystone's API
/// references, "Authenticate" and "Password authentication with scoped authorization".
struct OpenStackTokenRequest: Sendable {
  /// A catalog of a large cloud is some hundred KiB.
  private static let limits = StrictJSON.Limits(maximumBytes: 4 << 20, maximumDepth: 16, maximumValues: 100_000)

  let signIn: OpenStackSignIn
  let transport: HTTPTransport
  let timeouts: HTTPTransportTimeouts

  /// Signs in; throws `accessDenied` where the service does not take the credentials or does not know the address.
  func send() async throws(StorageError) -> OpenStackSession {
    let response: HTTPTransportResponse
    do {
      response = try await transport.send(request, body: signIn.version == .one ? .none : .bytes(Array(body.utf8)))
    } catch {
      throw TransferFailure.error(error)
    }
    guard (200..<300).contains(response.status) else {
      response.body.discard()
      throw Self.refusal(response)
    }
    guard signIn.version != .one else {
      response.body.discard()
      return try sessionOfHeaders(response)
    }
    let document: JSONValue
    do {
      document = try StrictJSON.parse(
        try await response.body.collect(upTo: Self.limits.maximumBytes), limits: Self.limits)
    } catch let error as HTTPTransportError {
      throw TransferFailure.error(error)
    } catch {
      throw .invalidResponse(detail: "the sign-in answered with something that is not JSON")
    }
    return signIn.version == .two
      ? try sessionOfVersionTwo(document, response) : try sessionOfVersionThree(document, response)
  }

  private var request: HTTPTransportRequest {
    switch signIn.version {
    case .one:
      HTTPTransportRequest(
        method: "GET", url: signIn.address,
        headers: [("x-auth-user", userText), ("x-auth-key", signIn.password.revealed)], timeouts: timeouts)
    case .two: post("\(signIn.address)/tokens")
    case .three: post("\(signIn.address)/auth/tokens")
    }
  }

  private func post(_ url: String) -> HTTPTransportRequest {
    HTTPTransportRequest(
      method: "POST", url: url, headers: [("content-type", "application/json"), ("accept", "application/json")],
      timeouts: timeouts)
  }

  /// 4xx speaks of credentials and address, which time does not mend.
  private static func refusal(_ response: HTTPTransportResponse) -> StorageError {
    let retryAfter = TransferFailure.retryAfter(response.headers)
    return switch response.status {
    case 408: .timedOut(phase: "sign-in")
    case 429, 498: .slowDown(retryAfter: retryAfter)
    case 500...: .unavailable(status: response.status, code: "SignIn\(response.status)", retryAfter: retryAfter)
    default: .accessDenied(code: "SignIn\(response.status)")
    }
  }
}

// MARK: - Answers

extension OpenStackTokenRequest {
  private func sessionOfHeaders(_ response: HTTPTransportResponse) throws(StorageError) -> OpenStackSession {
    let seconds = response.headers["x-auth-token-expires"].flatMap { Int64($0) }.map { min(max($0, 0), 1 << 32) }
    return OpenStackSession(
      token: try token(response.headers["x-auth-token"]),
      storage: try account(response.headers["x-storage-url"]), lifetime: seconds.map { .seconds($0) })
  }

  private func sessionOfVersionTwo(
    _ document: JSONValue, _ response: HTTPTransportResponse
  ) throws(StorageError) -> OpenStackSession {
    let access = document["access"]
    var url = signIn.storageURL
    for service in access?["serviceCatalog"]?.elements ?? [] where service["type"]?.text == signIn.serviceType {
      for endpoint in service["endpoints"]?.elements ?? []
      where url == nil && (signIn.region == nil || endpoint["region"]?.text == signIn.region) {
        url = endpoint["\(signIn.interface)URL"]?.text
      }
    }
    let token = access?["token"]
    return OpenStackSession(
      token: try self.token(token?["id"]?.text), storage: try account(url),
      lifetime: lifetime(until: token?["expires"]?.text, from: response.headers["date"]))
  }

  private func sessionOfVersionThree(
    _ document: JSONValue, _ response: HTTPTransportResponse
  ) throws(StorageError) -> OpenStackSession {
    let token = document["token"]
    var url = signIn.storageURL
    for service in token?["catalog"]?.elements ?? [] where service["type"]?.text == signIn.serviceType {
      for endpoint in service["endpoints"]?.elements ?? []
      where url == nil && endpoint["interface"]?.text == signIn.interface
        && (signIn.region == nil || (endpoint["region"] ?? endpoint["region_id"])?.text == signIn.region)
      {
        url = endpoint["url"]?.text
      }
    }
    return OpenStackSession(
      token: try self.token(response.headers["x-subject-token"]), storage: try account(url),
      lifetime: lifetime(until: token?["expires_at"]?.text, from: response.headers["date"]))
  }

  private func token(_ text: String?) throws(StorageError) -> Secret {
    // Fernet and PKI tokens are long, but not without bound.
    guard let text, (1...16_384).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw .invalidResponse(detail: "the sign-in gave no token")
    }
    return Secret(text)
  }

  private func account(_ text: String?) throws(StorageError) -> OpenStackAccount {
    guard let text = signIn.storageURL ?? text else {
      throw .invalidResponse(
        detail: "the sign-in names no \(signIn.interface) endpoint of \(signIn.serviceType)"
          + (signIn.region.map { " in region \($0)" } ?? ""))
    }
    guard let account = OpenStackAccount(parsing: text) else {
      throw .invalidResponse(detail: "the sign-in names an address of the store that is none")
    }
    return account
  }

  /// Measured by the service's clock alone, so that ours may be wrong.
  private func lifetime(until end: String?, from date: String?) -> Duration? {
    guard let end = end.flatMap(StoreTimestamp.iso8601), let date = date.flatMap(StoreTimestamp.httpDate) else {
      return nil
    }
    return .milliseconds(max(end - date, 0))
  }
}

// MARK: - Bodies

extension OpenStackTokenRequest {
  private var userText: String {
    switch signIn.user {
    case .id(let text), .name(let text): text
    }
  }

  /// The JSON of a Keystone request.
  private var body: String {
    let quoted = OpenStackJSON.quoted
    guard signIn.version == .three else {
      let project =
        switch signIn.project {
        case .id(let id): ",\"tenantId\":\(quoted(id))"
        case .name(let name): ",\"tenantName\":\(quoted(name))"
        case nil: ""
        }
      return "{\"auth\":{\"passwordCredentials\":{\"username\":\(quoted(userText)),"
        + "\"password\":\(quoted(signIn.password.revealed))}\(project)}}"
    }
    if let application = signIn.application {
      return "{\"auth\":{\"identity\":{\"methods\":[\"application_credential\"],\"application_credential\":"
        + "{\"id\":\(quoted(application.id)),\"secret\":\(quoted(application.secret.revealed))}}}}"
    }
    let user = Self.members(signIn.user, domain: signIn.userDomain)
    let scope = signIn.project.map {
      ",\"scope\":{\"project\":{\(Self.members($0, domain: signIn.projectDomain))}}"
    }
    return "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\(user),"
      + "\"password\":\(quoted(signIn.password.revealed))}}}\(scope ?? "")}}"
  }

  /// An id says everything; a name is one of a domain.
  private static func members(_ name: OpenStackSignIn.Name, domain: OpenStackSignIn.Name) -> String {
    switch name {
    case .id(let id): return "\"id\":\(OpenStackJSON.quoted(id))"
    case .name(let name):
      let domain =
        switch domain {
        case .id(let id): "\"id\":\(OpenStackJSON.quoted(id))"
        case .name(let name): "\"name\":\(OpenStackJSON.quoted(name))"
        }
      return "\"name\":\(OpenStackJSON.quoted(name)),\"domain\":{\(domain)}"
    }
  }
}
