import ArgumentParser
import Shared
import Testing

@testable import ReplicationWorker

@Suite("--bandwidth LOCATION=RATE")
struct BandwidthArgumentTests {
  private let eu: LocationID
  private let us: LocationID

  init() throws {
    eu = try LocationID(parsing: "eustorage")
    us = try LocationID(parsing: "usstorage")
  }

  private func refusal(_ arguments: String...) -> String {
    do {
      _ = try BandwidthArgument.limits(arguments.map { try BandwidthArgument(parsing: $0) }, known: [eu, us])
      return ""
    } catch let error as ValidationError {
      return error.message
    } catch {
      return "\(error)"
    }
  }

  @Test func readsALimitForEachLocation() throws {
    let arguments = try ["eustorage=400Mbit/s", "usstorage=1GiB/s"].map { try BandwidthArgument(parsing: $0) }
    let limits = try BandwidthArgument.limits(arguments, known: [eu, us])
    #expect(limits.mapValues(\.bytesPerSecond) == [eu: 50_000_000, us: 1 << 30])
  }

  @Test func saysWhatIsWrongInOneLine() {
    for text in ["", "eustorage", "=50MB/s"] { #expect(refusal(text).contains("is not LOCATION=RATE"), "\(text)") }
    for text in ["eustorage=", "eustorage=fast", "eustorage=1"] {
      #expect(refusal(text).contains("must be a rate from 64KiB/s to 100GB/s"), "\(text)")
    }
    #expect(refusal("mars=50MB/s").contains("'mars' is not a configured location (there are eustorage, usstorage)"))
    #expect(refusal("eustorage=50MB/s", "eustorage=60MB/s").contains("names eustorage twice"))
  }
}
