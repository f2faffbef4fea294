import Foundation
import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite("Where credentials come from", .timeLimit(.minutes(1)))
struct CredentialsSourceTests {
  private let document = """
    {"Code": "Success", "AccessKeyId": "ASIA1", "SecretAccessKey": "SK1", "Token": "T1",
     "Expiration": "2033-05-18T03:33:20Z"}
    """

  private func chosen(_ environment: [String: String]) throws -> String {
    try CredentialsChain(environment: environment, region: "eu-west-1").source().identity
  }

  @Test func theFirstThatIsNamedIsTaken() throws {
    let keys = ["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_SESSION_TOKEN": "T"]
    let identity = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn"]
    let file = ["AWS_SHARED_CREDENTIALS_FILE": "/keys", "AWS_PROFILE": "p"]
    let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/creds"]
    var all = keys.merging(identity) { $1 }.merging(file) { $1 }.merging(container) { $1 }
    #expect(try chosen(all) == "key AK")
    let fixed = try CredentialsChain(environment: all, region: "r").source().fixed
    #expect(fixed == StoreCredentials(accessKey: "AK", secretKey: Secret("SK"), sessionToken: Secret("T")))
    for key in keys.keys { all[key] = "" }
    #expect(try chosen(all) == "role arn by /token")
    for key in identity.keys { all[key] = nil }
    #expect(try chosen(all) == "file /keys profile p")
    for key in file.keys { all[key] = nil }
    #expect(try chosen(all) == "container role at http://169.254.170.2/v2/creds")
    #expect(try chosen([:]) == "instance role")
  }

  @Test func whatIsNamedInPartIsSaid() {
    func reason(_ environment: [String: String]) -> String? {
      do { return try chosen(environment) } catch { return "\(error)" }
    }
    #expect(reason(["AWS_ACCESS_KEY_ID": "AK"])?.contains("only one is set") == true)
    #expect(reason(["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"])?.contains("AWS_ROLE_ARN") == true)
    #expect(reason(["AWS_EC2_METADATA_DISABLED": "true"])?.contains("no credentials") == true)
    for url in ["http://example.com/x", "http://127.0.0.1.example.com/", "ftp://h", "http://169.254.169.254/x"] {
      #expect(reason(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])?.contains("must be https") == true, "\(url)")
    }
    #expect(reason(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://h/x"])?.contains("https://h/x") == true)
  }

  @Test func aFileIsReadByProfileAndAgainWhenItChanges() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/credentials"
      func write(_ key: String) throws {
        let text = """
          # rotated nightly
          [other]
          aws_access_key_id = OTHER
          [default]
          AWS_Access_Key_Id=\(key)
          aws_secret_access_key =  a=b/c+
          ; aws_session_token = commented
          aws_session_token = T
          aws_expiration = 2033-05-18T03:33:20Z
          """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }
      try write("FIRST")
      let source = FileCredentials(path: path, profile: "default")
      let keeper = CredentialsKeeper(source, now: { 1_900_000_000 })
      let first = try await keeper.current()
      #expect(
        first
          == StoreCredentials(
            accessKey: "FIRST", secretKey: Secret("a=b/c+"), sessionToken: Secret("T"), expiresAt: 2_000_000_000))
      try write("SECOND")
      #expect(try await source.fetch().accessKey == "SECOND")
      #expect(try await FileCredentials(path: path, profile: "other").missing().contains("[other]"))
      #expect(try await FileCredentials(path: path + "x", profile: "default").missing().contains("No such file"))
    }
  }

  @Test func aContainerIsAskedWithItsToken() async throws {
    let server = try FakeHTTPServer { [document] request, _ in
      request.headers["authorization"] == "let-me-in"
        ? .answer(200, body: document) : .answer(401, body: "{}")
    }
    defer { server.stop() }
    try await withTemporaryFolder { folder in
      try "let-me-in\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
      let source = try #require(
        try ContainerCredentials(environment: [
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.address)/get",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "\(folder)/token",
        ]))
      #expect(
        try await source.fetch()
          == StoreCredentials(
            accessKey: "ASIA1", secretKey: Secret("SK1"), sessionToken: Secret("T1"), expiresAt: 2_000_000_000))
      let refused = try #require(
        try ContainerCredentials(environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.address)/get"]))
      await #expect(throws: StorageError.accessDenied(code: "ContainerCredentials.401")) {
        _ = try await refused.fetch()
      }
    }
  }

  @Test func anInstanceIsAskedByVersionTwoOnly() async throws {
    let server = try FakeHTTPServer { [document] request, _ in
      switch (request.method, request.target, request.headers["x-aws-ec2-metadata-token"] ?? "") {
      case ("PUT", "/latest/api/token", ""):
        request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "300"
          ? .answer(200, body: "SESSION") : .answer(400)
      case ("GET", "/latest/meta-data/iam/security-credentials/", "SESSION"): .answer(200, body: "my-role\n")
      case ("GET", "/latest/meta-data/iam/security-credentials/my-role", "SESSION"): .answer(200, body: document)
      default: .answer(401)
      }
    }
    defer { server.stop() }
    let source = try #require(
      InstanceCredentials(environment: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.address + "/"]))
    #expect(try await source.fetch().accessKey == "ASIA1")
    #expect(server.requests.count == 3)
    let away = try #require(
      InstanceCredentials(environment: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"]))
    #expect(try await away.missing().contains("there are no credentials"))
  }

  @Test(arguments: ["", "{", "[]", "{\"AccessKeyId\": \"A\"}", "{\"Code\": \"Failed\"}"])
  func incompleteDocumentsAreRefused(_ text: String) {
    #expect(throws: StorageError.self) { _ = try CredentialsDocument.read(Array(text.utf8)) }
  }
}

extension CredentialsSource {
  /// Why there are none.
  fileprivate func missing() async throws -> String {
    do throws(StorageError) {
      _ = try await fetch()
      return "there are some"
    } catch {
      return error.description
    }
  }
}
