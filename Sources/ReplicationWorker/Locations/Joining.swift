import Shared

/// Brings a location that is joining to where nothing is missing there, and then declares it active.
struct Joining: Sendable {
  let session: OperatorSession
  let location: LocationID
  let defaults: [LocationID]
  let isTextual: Bool

  /// What has become of the location.
  struct Result: Sendable {
    let state: LocationState
    let gap: ReplicationGap
  }

  /// Orders what is missing, follows the copies where `waiting`, and changes the state once nothing is missing.
  func run(waiting: Bool) async throws -> Result {
    let filling = Filling(
      session: session, scope: BackfillScope(location: location), defaults: defaults, isTextual: isTextual)
    _ = try await filling.order()
    let gap = try await filling.gap(waiting: waiting)
    if gap.isComplete {
      // What is pushed from now on has its job from the push itself (I5), so nothing slips in between.
      _ = try await session.catalog.changeLocationState(of: location, from: [.joining], to: .active)
    }
    return Result(state: try await session.location(location.description).state, gap: gap)
  }
}
