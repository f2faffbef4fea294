import Glibc
import Testing

@testable import Postgres

/// The private server the tests run on, and what they share.
enum TestDatabase {
  static let uri = variable("MERIDIAN_TEST_POSTGRES")

  /// False only where the server is missing and may be missing: a developer's machine. In CI the tests then run and fail.
  static let isUsable = uri != nil || !(variable("CI") ?? "").isEmpty

  /// A configuration for the server, with short times so that failures are quick.
  static func configuration(_ name: String) throws -> PostgresConfiguration {
    var configuration = PostgresConfiguration(
      uri: try #require(uri, "MERIDIAN_TEST_POSTGRES is not set"), applicationName: name)
    configuration.statementTimeout = .seconds(20)
    return configuration
  }

  /// Runs a body with a client of its own and closes it after.
  static func withClient<T: Sendable>(
    _ name: String, _ adjust: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresClient) async throws -> T
  ) async throws -> T {
    var configuration = try configuration(name)
    adjust(&configuration)
    let client = PostgresClient(configuration)
    do {
      let value = try await body(client)
      await client.close()
      return value
    } catch {
      await client.close()
      throw error
    }
  }

  /// The URI with another user, password and database, its host and port kept.
  static func uri(user: String, password: String, database: String) throws -> String {
    let target = try ConnectionTarget(try configuration("uri"))
    let host = try #require(target.hosts.first)
    return "postgresql://\(user):\(password)@\(host.name):\(host.port)/\(database)"
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// Polls a condition until it holds; false once the time is over.
func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async throws -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(10))
  }
  return false
}

/// Runs a body that must throw a ``PostgresError`` and returns it.
func failure<T>(
  of body: () async throws -> T, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> PostgresError {
  do {
    _ = try await body()
  } catch let error as PostgresError {
    return error
  }
  Issue.record("no PostgresError was thrown", sourceLocation: sourceLocation)
  return .closed
}
