import Shared
import Testing

@testable import ReplicationWorker

@Suite("A token bucket keeps to its rate over time, whatever the size of the parts")
struct TokenBucketTests {
  private let start = ContinuousClock.now

  private func rate(_ text: String) throws -> TransferRate { try #require(TransferRate(parsing: text)) }

  @Test func holdsAQuarterSecondAndFillsByTheClock() throws {
    var bucket = TokenBucket(rate: try rate("1MB/s"), now: start)
    #expect(bucket.capacityBytes == 250_000)
    #expect(bucket.take(250_000, at: start) == nil)
    #expect(bucket.take(100_000, at: start) == .milliseconds(100))
    #expect(bucket.take(100_000, at: start + .milliseconds(99)) == .milliseconds(1))
    #expect(bucket.take(100_000, at: start + .milliseconds(100)) == nil)
    #expect(bucket.take(250_000, at: start + .seconds(3600)) == nil)
    #expect(bucket.heldBytes == 0, "an hour of silence is worth a quarter of a second")
  }

  @Test func aPartLargerThanTheBucketWaitsForAFullOneAndLeavesADebt() throws {
    var bucket = TokenBucket(rate: try rate("1MB/s"), now: start)
    #expect(bucket.take(8_000_000, at: start) == nil)
    #expect(bucket.heldBytes == -7_750_000)
    #expect(bucket.take(1, at: start) == .seconds(7.750001))
    #expect(bucket.take(8_000_000, at: start + .seconds(8)) == nil)
  }

  @Test func whatIsPutBackIsThereAgainButNeverMoreThanFits() throws {
    var bucket = TokenBucket(rate: try rate("1MB/s"), now: start)
    _ = bucket.take(200_000, at: start)
    bucket.putBack(200_000)
    bucket.putBack(200_000)
    #expect(bucket.heldBytes == 250_000)
  }

  @Test(arguments: ["64KiB/s", "333333B/s", "50MB/s", "100GB/s"], [1, 4_096, 8 << 20] as [Int64])
  func sendsWhatTheRateAllowsOverManySeconds(_ text: String, _ partBytes: Int64) throws {
    let rate = try rate(text)
    // Parts small against the rate would only make the test long.
    let part = max(partBytes, rate.bytesPerSecond / 5_000)
    var bucket = TokenBucket(rate: rate, now: start)
    var now = start
    var sent: Int64 = 0
    let end = start + .seconds(400)
    while now < end {
      if let wait = bucket.take(part, at: now) {
        #expect(wait > .zero)
        now += wait
      } else {
        sent += part
      }
    }
    let allowed = Double(rate.bytesPerSecond) * 400
    #expect(Double(sent) <= allowed + Double(bucket.capacityBytes) + Double(part))
    #expect(Double(sent) >= allowed * 0.97 - Double(part))
  }

  @Test func timeThatStandsStillOrRunsBackwardsBringsNothing() throws {
    var bucket = TokenBucket(rate: try rate("1MB/s"), now: start)
    _ = bucket.take(250_000, at: start)
    #expect(bucket.take(1, at: start - .seconds(10)) != nil)
    #expect(bucket.heldBytes == 0)
  }
}
