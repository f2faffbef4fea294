import ArgumentParser
import Shared

/// `LOCATION=RATE` on a command line.
struct BandwidthArgument: Sendable, Hashable {
  let location: String
  let rate: TransferRate

  /// Reads it; throws what is wrong with it in one line.
  init(parsing text: String) throws(ValidationError) {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw ValidationError("'\(Excerpt(text))' is not LOCATION=RATE, for example eustorage=50MB/s")
    }
    let amount = String(text[text.index(after: equals)...])
    guard let rate = TransferRate(parsing: amount) else {
      throw ValidationError("'\(Excerpt(amount))' \(TransferRate.form)")
    }
    location = String(text[..<equals])
    self.rate = rate
  }

  /// The limits by location; refuses a location that is not configured or named twice.
  static func limits(
    _ arguments: [BandwidthArgument], known: [LocationID]
  ) throws(StartupError) -> [LocationID: TransferRate] {
    var limits: [LocationID: TransferRate] = [:]
    for argument in arguments {
      guard let location = known.first(where: { $0.description == argument.location }) else {
        throw .refused(
          "--bandwidth: '\(Excerpt(argument.location))' is not a configured location (there are "
            + known.map(\.description).joined(separator: ", ") + ")")
      }
      guard limits.updateValue(argument.rate, forKey: location) == nil else {
        throw .refused("--bandwidth names \(location) twice")
      }
    }
    return limits
  }
}
