import Foundation
import Shared

/// What a comparison of one bucket came to, for people and for scripts.
struct DriftReport: Sendable {
  /// The most differences listed one by one.
  static let mostListed = 1000

  let location: LocationID
  let mayChange: Bool
  let tally: DriftTally
  let findings: [DriftFinding]
  /// Why the comparison ended early; nil where it did not.
  let suspicion: CopyVerifier.Suspicion?

  /// Whether the bucket or the database may be the wrong one.
  var isDoubtful: Bool { suspicion != nil || tally.doubt != nil }

  /// Differences that are as they were.
  var left: Int64 { mayChange ? max(0, tally.drift - tally.mended) : tally.drift }

  /// The form for people.
  var lines: [String] {
    var lines = findings.map { finding in
      "\(location): \(finding.kind.rawValue.replacing("_", with: " ")): \(finding.key)"
        + (finding.detail.map { " (\($0))" } ?? "")
    }
    if tally.drift > Int64(findings.count) { lines.append("\(location): and more, not listed") }
    if let suspicion { lines.append("\(location): stopped: \(suspicion)") }
    if let doubt = tally.doubt { lines.append("\(location): orphans left alone: \(doubt)") }
    lines.append(
      "\(location): \(tally.objects) objects, \(tally.placements) placements: \(tally.missing) missing, "
        + "\(tally.wrongSize) of wrong size, \(tally.orphans) orphans (\(tally.orphanBytes) bytes), "
        + "\(tally.staleUploads) stale uploads, \(tally.foreign) not ours"
        + (mayChange ? "; \(tally.mended) mended" : ""))
    return lines
  }

  /// The form for scripts; its keys are part of the command's contract.
  static func json(_ reports: [DriftReport]) throws -> String {
    struct Body: Encodable {
      struct Finding: Encodable {
        let kind: String
        let key: String
        let detail: String?
      }
      struct Location: Encodable {
        let location: String
        let fixed: Bool
        let counts: DriftTally
        let findings: [Finding]
        let stopped: String?
      }
      let locations: [Location]
    }
    let body = Body(
      locations: reports.map { report in
        Body.Location(
          location: report.location.description, fixed: report.mayChange, counts: report.tally,
          findings: report.findings.map {
            Body.Finding(kind: $0.kind.rawValue, key: $0.key.description, detail: $0.detail)
          }, stopped: report.suspicion?.description)
      })
    return try body.jsonText()
  }
}
