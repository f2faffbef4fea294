private import Glibc
internal import SharedModel

/// Which source is used where the configuration holds no keys: the first that the environment names.
///
/// The order is that of AWS's own SDKs, which Quay's engines follow: variables, web identity, file, container, instance.
/// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
package struct CredentialsChain: Sendable {
  /// The process's environment.
  package let environment: [String: String]
  /// The region STS requests are signed for and, where no endpoint is given, made in.
  package let region: String
  /// Where roles are assumed; Amazon's service of the region where nil.
  package var tokenService: S3Endpoint?
  package var caBundlePath: String?

  /// Looks at an environment.
  package init(
    environment: [String: String], region: String, tokenService: S3Endpoint? = nil, caBundlePath: String? = nil
  ) {
    self.environment = environment
    self.region = region
    self.tokenService = tokenService
    self.caBundlePath = caBundlePath
  }

  /// The source that is in force; throws `misconfigured` where one is named in part.
  package func source() throws(StorageError) -> any CredentialsSource {
    if let fixed = try variables() { return fixed }
    if value("AWS_WEB_IDENTITY_TOKEN_FILE") != nil { return try webIdentity(roleARN: nil) }
    if let path = sharedFile() {
      return FileCredentials(path: path, profile: value("AWS_PROFILE") ?? "default")
    }
    if let container = try ContainerCredentials(environment: environment) { return container }
    if let instance = InstanceCredentials(environment: environment) { return instance }
    throw .misconfigured(
      reason: "there are no credentials: none in the configuration, and the environment names no source")
  }

  /// A role assumed with the keys given, or with what the environment gives: a web identity's token, else its credentials.
  package func role(_ roleARN: String?, keys: StoreCredentials?) throws(StorageError) -> any CredentialsSource {
    guard let keys else {
      if value("AWS_WEB_IDENTITY_TOKEN_FILE") != nil { return try webIdentity(roleARN: roleARN) }
      return try assumed(roleARN, proof: .keys(CredentialsKeeper(try source())))
    }
    return try assumed(roleARN, proof: .keys(CredentialsKeeper(keys)))
  }

  private func webIdentity(roleARN: String?) throws(StorageError) -> any CredentialsSource {
    guard let path = value("AWS_WEB_IDENTITY_TOKEN_FILE") else {
      throw .misconfigured(reason: "AWS_WEB_IDENTITY_TOKEN_FILE is not set")
    }
    return try assumed(roleARN, proof: .webIdentity(tokenPath: path))
  }

  private func assumed(_ roleARN: String?, proof: RoleCredentials.Proof) throws(StorageError) -> RoleCredentials {
    guard let roleARN = roleARN ?? value("AWS_ROLE_ARN") else {
      throw .misconfigured(reason: "no role is named: neither sts_role_arn nor AWS_ROLE_ARN is set")
    }
    return RoleCredentials(
      endpoint: try service(), region: region, roleARN: roleARN,
      sessionName: value("AWS_ROLE_SESSION_NAME") ?? "meridian", proof: proof, caBundlePath: caBundlePath)
  }

  private func service() throws(StorageError) -> S3Endpoint {
    if let tokenService { return tokenService }
    if let written = value("AWS_ENDPOINT_URL_STS") {
      guard let endpoint = S3Endpoint(parsing: written) else {
        throw .misconfigured(reason: "AWS_ENDPOINT_URL_STS must be http://HOST[:PORT] or https://HOST[:PORT]")
      }
      return endpoint
    }
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    guard let endpoint = S3Endpoint(isSecure: true, host: "sts.\(region).\(domain)") else {
      throw .misconfigured(reason: "there is no token service for the region")
    }
    return endpoint
  }

  private func variables() throws(StorageError) -> StoreCredentials? {
    let (accessKey, secretKey) = (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY"))
    if accessKey == nil, secretKey == nil { return nil }
    guard let accessKey, let secretKey else {
      throw .misconfigured(reason: "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set")
    }
    return StoreCredentials(
      accessKey: accessKey, secretKey: Secret(secretKey), sessionToken: value("AWS_SESSION_TOKEN").map { Secret($0) })
  }

  /// The file the environment names, or that of the user where it exists.
  private func sharedFile() -> String? {
    if let path = value("AWS_SHARED_CREDENTIALS_FILE") { return path }
    guard let home = value("HOME") else { return nil }
    let usual = "\(home)/.aws/credentials"
    return value("AWS_PROFILE") != nil || access(usual, R_OK) == 0 ? usual : nil
  }

  private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
