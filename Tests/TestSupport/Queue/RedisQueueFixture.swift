package import Redis
package import Shared

/// A queue on the real Redis server under a key prefix of its own, whose keys are deleted afterwards.
package struct RedisQueueFixture: Sendable {
  package let queue: RedisReplicationQueue
  /// For looking behind the queue's back.
  package let client: RedisClient
  package let prefix: String

  /// The server's address; nil where no server was started for the tests.
  package static var serverURL: String? { CatalogFixture.environment("MERIDIAN_TEST_REDIS") }

  /// Whether tests with this fixture are to run: where there is a server, and in CI, where its absence must be seen.
  package static var isEnabled: Bool { serverURL != nil || CatalogFixture.environment("CI") != nil }

  /// Runs `body` with an empty queue.
  package static func with(
    streamLength: Int = 100_000, _ body: (RedisQueueFixture) async throws -> Void
  ) async throws {
    guard let serverURL else { throw FixtureUnavailable(variable: "MERIDIAN_TEST_REDIS") }
    let configuration = try RedisConfiguration(url: serverURL)
    let prefix = "test-\(RandomIdentifier().hex):"
    let fixture = RedisQueueFixture(
      queue: RedisReplicationQueue(configuration, keyPrefix: prefix, streamLength: streamLength),
      client: RedisClient(configuration), prefix: prefix)
    do {
      try await body(fixture)
      try await fixture.cleanUp()
    } catch {
      try await fixture.cleanUp()
      throw error
    }
  }

  /// Deletes every key of this fixture, as a loss of all data would; the server's other keys stay.
  package func loseEverything() async throws {
    var cursor = "0"
    repeat {
      let page = try await client.command(
        "SCAN", RedisArgument(cursor), "MATCH", RedisArgument(prefix + "*"), "COUNT", 1000
      ).asArray()
      cursor = try page[0].asString()
      for key in try page[1].asArray() { _ = try await client.command("DEL", RedisArgument(try key.asBytes())) }
    } while cursor != "0"
  }

  private func cleanUp() async throws {
    await queue.close()
    try await loseEverything()
    await client.close()
  }
}
