import Shared

extension OperatorSession {
  /// Puts a location that is in one of `states` into `state` and, where `isTextual`, says so; refuses any other.
  func change(
    _ location: LocationID, from states: Set<LocationState>, to state: LocationState, isTextual: Bool
  ) async throws {
    switch try await catalog.changeLocationState(of: location, from: states, to: state) {
    case .changed(let before):
      if isTextual, before != state { CommandOutcome.say("\(location): \(before.rawValue) -> \(state.rawValue)") }
    case .refused(let standing):
      throw StartupError.wrongUse("\(location) is \(standing.rawValue) and cannot become \(state.rawValue)")
    case .unknown:
      throw StartupError.locationUnregistered(
        location.description, known: try await catalog.locations().map(\.0))
    }
  }
}

extension Joining.Result {
  /// Tells what has become of the location: one JSON object, or what is missing and the state.
  func say(of location: LocationID, json: Bool) throws {
    guard !json else {
      return try CommandOutcome.say(
        json: LocationReport(location: location.description, state: state, gap: GapReport(gap)))
    }
    for line in gap.advice { CommandOutcome.say(line) }
    CommandOutcome.say(gap.line)
    CommandOutcome.say("\(location) is \(state.rawValue)")
  }
}
