import Redis
import Shared
import TestSupport
import Testing

@Suite("Bandwidth shared through Redis", .enabled(if: RedisQueueFixture.isEnabled, "MERIDIAN_TEST_REDIS is not set"))
struct RedisBandwidthTests {
  private func with(
    _ body: (RedisBandwidth, RedisQueueFixture, LocationID) async throws -> Void
  ) async throws {
    try await RedisQueueFixture.with { fixture in
      let url = try #require(RedisQueueFixture.serverURL)
      let bandwidth = RedisBandwidth(try RedisConfiguration(url: url), keyPrefix: fixture.prefix)
      do {
        try await body(bandwidth, fixture, try LocationID(parsing: "eu"))
        await bandwidth.close()
      } catch {
        await bandwidth.close()
        throw error
      }
    }
  }

  private func rate(_ text: String) throws -> TransferRate { try #require(TransferRate(parsing: text)) }

  @Test("grants half a second's worth at first, then what the server's clock brings")
  func grants() async throws {
    try await with { bandwidth, _, eu in
      // So slow that the time the test itself takes brings in little.
      let rate = try rate("100kB/s")
      let first = try await bandwidth.lease(25_000, to: eu, rate: rate, worker: "a")
      #expect(first == BandwidthLease(grantedBytes: 25_000, retryAfter: .zero, workers: 1))
      let second = try await bandwidth.lease(1_000_000, to: eu, rate: rate, worker: "b")
      #expect(second.grantedBytes == 0 && second.workers == 2, "less than a quarter of the wish is not worth a call")
      #expect(second.retryAfter >= .milliseconds(1_500) && second.retryAfter <= .milliseconds(2_300))
      let third = try await bandwidth.lease(100_000, to: eu, rate: rate, worker: "b")
      #expect(third.grantedBytes >= 25_000 && third.grantedBytes <= 60_000)
    }
  }

  @Test("all workers together get the rate and no more", arguments: ["200kB/s", "20GB/s"])
  func sharesTheRate(_ text: String) async throws {
    try await with { bandwidth, _, eu in
      let rate = try rate(text)
      let start = ContinuousClock.now
      let end = start + .seconds(1)
      let granted = try await withThrowingTaskGroup(of: Int64.self) { group in
        for worker in 0..<4 {
          group.addTask {
            var sum: Int64 = 0
            while ContinuousClock.now < end {
              let lease = try await bandwidth.lease(
                rate.bytesPerSecond / 4, to: eu, rate: rate, worker: "worker-\(worker)")
              sum += lease.grantedBytes
              // The pace of a worker that was granted nothing; the rate is the server's to keep.
              if lease.grantedBytes == 0 {
                try await ContinuousClock().sleep(for: min(lease.retryAfter, .milliseconds(50)))
              }
            }
            return sum
          }
        }
        return try await group.reduce(0, +)
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      #expect(Double(granted) <= Double(rate.bytesPerSecond) * (seconds + 0.51))
      #expect(Double(granted) >= Double(rate.bytesPerSecond) * 0.7)
    }
  }

  @Test("a lost, damaged or future bucket starts full again, and keys expire")
  func survivesLoss() async throws {
    try await with { bandwidth, fixture, eu in
      let rate = try rate("1MB/s")
      let key = RedisArgument("\(fixture.prefix)bandwidth:{eu}")
      _ = try await bandwidth.lease(500_000, to: eu, rate: rate, worker: "a")
      #expect(try await fixture.client.command("PTTL", key).asInteger() > 0)
      try await fixture.loseEverything()
      #expect(try await bandwidth.lease(250_000, to: eu, rate: rate, worker: "a").grantedBytes == 250_000)
      _ = try await fixture.client.command("HSET", key, "thousandths", "rubbish")
      #expect(try await bandwidth.lease(250_000, to: eu, rate: rate, worker: "a").grantedBytes == 250_000)
      _ = try await fixture.client.command("HSET", key, "thousandths", "0", "at", "99999999999999")
      let after = try await bandwidth.lease(250_000, to: eu, rate: rate, worker: "a")
      #expect(
        after.grantedBytes == 0 && after.retryAfter <= .seconds(1), "a clock set back does not stop anybody for long")
      let workers = RedisArgument("\(fixture.prefix)bandwidth:{eu}:workers")
      _ = try await fixture.client.command("ZADD", workers, 1, "long gone")
      #expect(try await bandwidth.lease(1, to: eu, rate: rate, worker: "a").workers == 1)
    }
  }

  @Test("a server that is away is said so")
  func away() async throws {
    let bandwidth = RedisBandwidth(RedisConfiguration(host: "127.0.0.1", port: 1))
    let rate = try rate("1MB/s")
    await #expect(throws: QueueError.self) {
      _ = try await bandwidth.lease(1, to: try LocationID(parsing: "eu"), rate: rate, worker: "a")
    }
    await bandwidth.close()
  }
}
