internal import SharedModel

/// The role of an EC2 instance, asked of its metadata service by version 2 of that protocol only.
///
/// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
struct InstanceCredentials: CredentialsSource {
  private static let usualEndpoint = "http://169.254.169.254"
  private static let path = "/latest/meta-data/iam/security-credentials/"

  let endpoint: String

  var identity: String { "instance role" }

  /// Takes what the environment says; nil where it forbids asking.
  init?(environment: [String: String]) {
    guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
    let written = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? Self.usualEndpoint
    endpoint = written.hasSuffix("/") ? String(written.dropLast()) : written
  }

  func fetch() async throws(StorageError) -> StoreCredentials {
    let token = try await text(
      of: CredentialsCall(
        method: "PUT", url: "\(endpoint)/latest/api/token",
        headers: [(name: "x-aws-ec2-metadata-token-ttl-seconds", value: "300")], deadline: .seconds(2)))
    let headers = [(name: "x-aws-ec2-metadata-token", value: token)]
    let names = try await text(of: CredentialsCall(url: endpoint + Self.path, headers: headers, deadline: .seconds(2)))
    guard let role = names.split(whereSeparator: \.isNewline).first else {
      throw .misconfigured(reason: "this machine has no role, and no other credentials are given")
    }
    let call = CredentialsCall(
      url: endpoint + Self.path + PercentEncoding.path(String(role)), headers: headers, deadline: .seconds(5))
    return try CredentialsDocument.read(try await answer(call))
  }

  private func text(of call: CredentialsCall) async throws(StorageError) -> String {
    let bytes = try await answer(call)
    guard bytes.count <= 4_096, bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x0a }) else {
      throw .invalidResponse(detail: "the instance's metadata service answered nonsense")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func answer(_ call: CredentialsCall) async throws(StorageError) -> [UInt8] {
    let (status, body): (Int, [UInt8])
    do {
      (status, body) = try await call.send()
    } catch {
      guard case .cancelled = error else {
        throw .misconfigured(
          reason:
            "there are no credentials: none in the configuration or the environment, and no instance role (\(error))")
      }
      throw error
    }
    switch status {
    case 200: return body
    case 404: throw .misconfigured(reason: "this machine has no role, and no other credentials are given")
    case 500...: throw .unavailable(status: status, code: "InstanceCredentials", retryAfter: nil)
    default: throw .accessDenied(code: "InstanceCredentials.\(status)")
    }
  }
}
