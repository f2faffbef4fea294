import Glibc
import Redis
import Testing

/// The shared test server and the small tools of these tests.
enum TestRedis {
  /// Whether tests against the shared server run: it is named, or this is CI, where a missing name must fail.
  static let isEnabled = url != nil || isCI

  /// Whether tests that start a server of their own run: the program is there, or this is CI.
  static let canStartServer = access(serverProgram, X_OK) == 0 || isCI

  static let serverProgram = "/usr/bin/redis-server"

  private static let url = environment("MERIDIAN_TEST_REDIS")
  private static let isCI = environment("CI").map { !$0.isEmpty } ?? false

  struct Missing: Error {}

  /// The shared server's configuration with generous deadlines, since test machines are loaded.
  static func configuration() throws -> RedisConfiguration {
    guard let url else { throw Missing() }
    var configuration = try RedisConfiguration(url: url)
    configuration.commandTimeout = .seconds(5)
    configuration.connectTimeout = .seconds(5)
    return configuration
  }

  /// A key no other test uses.
  static func key(_ name: String = "k") -> String {
    "redis-tests:\(getpid()):\(name):\(UInt64.random(in: 0 ... .max))"
  }

  /// Runs `body` with a client of the shared server and closes it.
  static func withClient<Value>(
    _ adjust: (inout RedisConfiguration) -> Void = { _ in }, _ body: (RedisClient) async throws -> Value
  ) async throws -> Value {
    var configuration = try configuration()
    adjust(&configuration)
    return try await closing(RedisClient(configuration), body)
  }

  /// Runs `body` and closes `client` whatever came of it.
  static func closing<Value>(
    _ client: RedisClient, _ body: (RedisClient) async throws -> Value
  ) async throws -> Value {
    let result: Result<Value, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    await client.close()
    return try result.get()
  }

  /// Whether the server holds that connection in a blocking command.
  static func isBlocked(clientID: Int64, seenBy observer: RedisClient) async throws -> Bool {
    let line = try await observer.command("CLIENT", "LIST", "ID", RedisArgument(clientID)).asString()
    return line.split(separator: " ").contains { $0.hasPrefix("flags=") && $0.contains("b") }
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// Asks `condition` again and again until it holds; false when it does not within `limit`.
func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async rethrows -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await condition() { return true }
    // A cancelled test asks without pauses until its deadline; nothing else depends on the pause.
    try? await ContinuousClock().sleep(for: .milliseconds(2))
  }
  return try await condition()
}

/// The error `body` throws, nil when it throws none.
func redisError<Value>(of body: () async throws(RedisError) -> Value) async -> RedisError? {
  do throws(RedisError) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}
