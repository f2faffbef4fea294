import Testing

@testable import ReplicationWorker

@Suite("Lengths of time and rates on the command line")
struct UpkeepArgumentTests {
  @Test(arguments: [("0", 0), ("90s", 90), ("10m", 600), ("24h", 86_400), ("7d", 604_800)] as [(String, Int64)])
  func durations(text: String, seconds: Int64) throws {
    #expect(try #require(DurationArgument(argument: text)).duration == .seconds(seconds))
  }

  @Test(arguments: ["", "s", "5", "-5s", "5 s", "1.5h", "9223372036854775807d", "٣s", "200000d"])
  func refusedDurations(text: String) { #expect(DurationArgument(argument: text) == nil) }

  @Test func durationsReadBack() {
    for text in ["0", "90s", "10m", "24h", "7d", "25h"] {
      #expect(
        DurationArgument(argument: text).flatMap { DurationArgument(argument: $0.description) }?.duration
          == DurationArgument(argument: text)?.duration)
    }
  }

  @Test(
    arguments: [("0", 0), ("17", 17), ("512K", 524_288), ("4M", 4_194_304), ("1G", 1_073_741_824)] as [(String, Int64)])
  func rates(text: String, bytes: Int64) throws {
    #expect(try #require(ByteRateArgument(argument: text)).bytes == bytes)
  }

  @Test(arguments: ["", "M", "-1M", "1T", "1.5M", "9223372036854775807G", "٣M"])
  func refusedRates(text: String) { #expect(ByteRateArgument(argument: text) == nil) }
}
