/// Why the canary could not be pulled; no case carries a URL or a credential.
package enum CanaryFailure: Error, Sendable, Equatable {
  /// The API, or the store it sends to, did not answer; `step` is what was asked for.
  case noAnswer(step: String, PlainHTTPError)
  /// The answer was another than it has to be.
  case refused(step: String, status: Int)
  /// Other bytes came than were pushed.
  case wrongBytes(step: String)
  /// The API sends pulls around in a circle, or nowhere.
  case badRedirect
  /// The image is not there, and could not be pushed.
  case missing(reason: String)
}

extension CanaryFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noAnswer(let step, let error): "\(step): \(error)"
    case .refused(let step, let status): "\(step): answered \(status)"
    case .wrongBytes(let step): "\(step): other bytes than were pushed"
    case .badRedirect: "the layer: sent around in a circle"
    case .missing(let reason): "the canary image is missing and could not be pushed: \(reason)"
    }
  }
}
