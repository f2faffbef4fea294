import Shared

/// What every region sees of every store and service: a row for each component, a column for each region.
struct ComponentTable: Sendable {
  /// One component.
  struct Row: Sendable {
    let label: String
    let cells: [Cell]
  }

  /// One component as one region sees it.
  struct Cell: Sendable, Hashable {
    let tone: Tone
    let word: String
    /// The last failure in words, for those who may see details.
    let text: String?
  }

  let columns: [String]
  let rows: [Row]

  /// More rows than these are not shown, whatever a newer health service reports.
  private static let maximumRows = 64

  /// Makes the table of the newest that was heard from each of `regions`, older than `staleAfterMs` being unknown.
  init(regions: [String], observations: [RegionObservation], staleAfterMs: Int64, audience: PageAudience) {
    let newest = Self.newest(observations)
    let names = Set(newest.values.flatMap { $0.snapshot.components.map(\.component) })
    let ordered = names.sorted { (ComponentName.rank($0), $0) < (ComponentName.rank($1), $1) }
    columns = regions
    rows = ordered.prefix(Self.maximumRows).map { name in
      Row(
        label: ComponentName.label(name),
        cells: regions.map { region in
          guard let seen = newest[region], seen.ageMs <= staleAfterMs,
            let health = seen.snapshot.components.first(where: { $0.component == name })
          else { return Cell(tone: .unknown, word: "Unknown", text: nil) }
          return Self.cell(health, audience: audience)
        })
    }
  }

  /// The newest observation of each region, this process's own before all.
  static func newest(_ observations: [RegionObservation]) -> [String: RegionObservation] {
    var newest: [String: RegionObservation] = [:]
    for observation in observations {
      let region = observation.snapshot.region
      if let other = newest[region], other.isOwn || (!observation.isOwn && other.ageMs <= observation.ageMs) {
        continue
      }
      newest[region] = observation
    }
    return newest
  }

  private static func cell(_ health: ComponentHealth, audience: PageAudience) -> Cell {
    let (read, write) = (health.status(for: .read), health.status(for: .write))
    let word = read == write ? self.word(read) : apart(read, write)
    var texts = [health.reason(for: .read), health.reason(for: .write)].compactMap { $0 }.filter { !$0.isEmpty }
    if texts.count == 2, texts[0] == texts[1] { texts.removeLast() }
    return Cell(
      tone: Tone(read).worse(Tone(write)), word: word,
      text: audience.seesDetails && !texts.isEmpty ? texts.joined(separator: "; ") : nil)
  }

  /// What is not well where reads and writes are not alike.
  private static func apart(_ read: ProbeStatus, _ write: ProbeStatus) -> String {
    switch (read, write) {
    case (.pass, .fail): "Writes fail"
    case (.fail, .pass): "Reads fail"
    case (.pass, _): "Writes: \(word(write).lowercased())"
    case (_, .pass): "Reads: \(word(read).lowercased())"
    default: "Reads: \(word(read).lowercased()), writes: \(word(write).lowercased())"
    }
  }

  private static func word(_ status: ProbeStatus) -> String {
    switch status {
    case .pass: "Works"
    case .warn: "Warning"
    case .fail: "Fails"
    case .unknown: "Unknown"
    }
  }
}
