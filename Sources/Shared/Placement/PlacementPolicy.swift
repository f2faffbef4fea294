package import SharedModel

/// In which order the locations that hold a blob are tried: pure, from the region's preference and a health snapshot.
///
/// G4: the preferred locations first, in their order, then every other by id. H5: a location the snapshot calls
/// unhealthy goes to the end rather than away, because a verdict may be wrong and the bytes may be nowhere else.
package struct PlacementPolicy: Sendable, Hashable {
  /// The region's locations, nearest first.
  package let preference: [LocationID]
  /// The locations not to be used while another one can be.
  package let unhealthy: Set<LocationID>

  /// States a policy for one decision.
  package init(preference: [LocationID], unhealthy: Set<LocationID> = []) {
    self.preference = preference
    self.unhealthy = unhealthy
  }

  /// All candidates, best first: the healthy ones in order, then the unhealthy ones in order.
  ///
  /// The order is total and depends on nothing but the arguments, so every instance decides alike.
  package func ordered<Candidate>(
    _ candidates: [Candidate], at location: (Candidate) -> LocationID
  ) -> [Candidate] {
    candidates.sorted { left, right in
      let (left, right) = (location(left), location(right))
      return (unhealthy.contains(left) ? 1 : 0, rank(left), left) < (
        unhealthy.contains(right) ? 1 : 0, rank(right), right
      )
    }
  }

  private func rank(_ location: LocationID) -> Int { preference.firstIndex(of: location) ?? preference.count }
}
