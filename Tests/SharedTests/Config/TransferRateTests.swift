import Shared
import Testing

@Suite("Rates are read as operators write them")
struct TransferRateTests {
  @Test(
    arguments: [
      ("50MB/s", 50_000_000), ("50MB", 50_000_000), ("50000000", 50_000_000), ("50000000B/s", 50_000_000),
      ("1.5GB/s", 1_500_000_000), ("64KiB/s", 65_536), ("1.25MiB/s", 1_310_720), ("400Mbit/s", 50_000_000),
      ("10Gbit/s", 1_250_000_000), ("100GB/s", 100_000_000_000), ("800kbit/s", 100_000), ("0.125GB/s", 125_000_000),
    ] as [(String, Int64)])
  func reads(_ text: String, _ bytesPerSecond: Int64) {
    #expect(TransferRate(parsing: text)?.bytesPerSecond == bytesPerSecond)
  }

  @Test(arguments: [
    "", "/s", "MB/s", "0", "0MB/s", "-1MB/s", "+50MB/s", "50 MB/s",
    "50mb/s", "50Mb/s", "50MB/m", "50MB/s/s", "1e6", "0x10000",
    "65535", "63KiB/s", "101GB/s", "1.2345MB/s", "1.MB/s", ".5MB/s", "1.2.3MB/s", "1000000/s", "٥٠MB/s",
    "9223372036854775807GB/s", "99999999999999999999GB/s", "5000000000000000000000000000000000000000000000000B",
  ])
  func refuses(_ text: String) { #expect(TransferRate(parsing: text) == nil) }

  @Test func showsItselfInTheUnitThatKeepsItExact() throws {
    let shown = [("400Mbit/s", "50 MB/s"), ("2GB", "2 GB/s"), ("64KiB/s", "65536 B/s"), ("100kB/s", "100 kB/s")]
    for (text, shown) in shown {
      #expect(try #require(TransferRate(parsing: text)).description == shown)
    }
  }

  @Test func limitsAreReadByLocation() throws {
    let configuration = try ConfigurationFixtures.load(["REPLICATION_BANDWIDTH_LIMITS": "{eu: 400Mbit/s, us: 70000}"])
    let limits = configuration.bandwidthLimits.map { ($0.key.description, $0.value.bytesPerSecond) }
    #expect(Dictionary(uniqueKeysWithValues: limits) == ["eu": 50_000_000, "us": 70_000])
    #expect(try ConfigurationFixtures.load().bandwidthLimits.isEmpty)
    #expect(
      configuration.fingerprint == ConfigurationFixtures.expectedBaseFingerprint,
      "limits may be changed region by region without an alarm")
  }
}
