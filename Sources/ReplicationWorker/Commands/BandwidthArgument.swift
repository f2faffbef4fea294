import ArgumentParser
import Shared

/// `LOCATION=RATE` on a command line.
struct BandwidthArgument: ExpressibleByArgument, Sendable, Hashable {
  let location: String
  let rate: TransferRate

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex,
      let rate = TransferRate(parsing: String(argument[argument.index(after: equals)...]))
    else { return nil }
    location = String(argument[..<equals])
    self.rate = rate
  }

  /// The limits by location; refuses a location that is not configured or named twice.
  static func limits(
    _ arguments: [BandwidthArgument], known: [LocationID]
  ) throws(StartupError) -> [LocationID: TransferRate] {
    var limits: [LocationID: TransferRate] = [:]
    for argument in arguments {
      guard let location = known.first(where: { $0.description == argument.location }) else {
        throw .locationUnknown(argument.location, known: known)
      }
      guard limits.updateValue(argument.rate, forKey: location) == nil else {
        throw .refused("--bandwidth names \(location) twice")
      }
    }
    return limits
  }
}
