internal import SharedModel

/// The JSON in which AWS's container and instance endpoints give the credentials of a role.
enum CredentialsDocument {
  /// Reads `AccessKeyId`, `SecretAccessKey`, `Token` and `Expiration`.
  ///
  /// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
  static func read(_ bytes: [UInt8]) throws(StorageError) -> StoreCredentials {
    let value: JSONValue
    do { value = try StrictJSON.parse(bytes) } catch {
      throw .invalidResponse(detail: "the role's credentials are not JSON")
    }
    guard case .object(let object) = value, let accessKey = text("AccessKeyId", object),
      let secretKey = text("SecretAccessKey", object), let token = text("Token", object),
      let end = text("Expiration", object), let expiresAtMs = StoreTimestamp.iso8601(end)
    else {
      throw .invalidResponse(detail: "the role's credentials are incomplete")
    }
    return StoreCredentials(
      accessKey: accessKey, secretKey: Secret(secretKey), sessionToken: Secret(token), expiresAt: expiresAtMs / 1_000)
  }

  private static func text(_ name: String, _ object: JSONObject) -> String? {
    guard case .string(let text)? = object[name: name], !text.isEmpty else { return nil }
    return text
  }
}
