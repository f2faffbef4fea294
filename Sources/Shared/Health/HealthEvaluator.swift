/// Judges a region from its snapshot: a pure function, so that every rule is tested without a probe.
///
/// A region serves reads and writes while its home store and the database work; with only a replica of the database
/// (`warn`) it serves pulls, as every region then does. Redis is only the doorbell in front of
/// the jobs table (decision D1), so its loss is a warning. Another region's store never turns this region red (I10).
package enum HealthEvaluator {
  /// The verdict on a region whose snapshot is `ageMs` old; a snapshot older than `staleAfterMs` is unknown, not down.
  package static func verdict(on snapshot: RegionSnapshot, ageMs: Int64, staleAfterMs: Int64) -> RegionVerdict {
    guard ageMs <= staleAfterMs else {
      return RegionVerdict(
        region: snapshot.region, read: .unknown, write: .unknown,
        reasons: ["the region's health service was last heard of \(ageMs / 1000) s ago"])
    }
    let required = [snapshot.status(of: .storage(snapshot.home)), snapshot.status(of: .database)]
    let others = snapshot.components.filter {
      $0.component != ProbeTarget.storage(snapshot.home).name && $0.component != ProbeTarget.database.name
    }
    let verdict: ProbeStatus =
      if required.contains(.fail) {
        .fail
      } else if required.contains(.unknown) {
        .unknown
      } else if required.contains(.warn) || others.contains(where: { $0.status != .pass }) {
        .warn
      } else {
        .pass
      }
    let reasons = snapshot.components.filter { $0.status != .pass }.map { component in
      "\(component.component) \(component.status.rawValue)" + (component.reason.map { ": \($0)" } ?? "")
    }
    return RegionVerdict(region: snapshot.region, read: verdict, write: verdict, reasons: reasons)
  }
}
