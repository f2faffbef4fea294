import Foundation

/// What the comparison of a bucket with the database has found; kept in the sweep's row, so its keys are stable.
struct DriftTally: Codable, Sendable, Hashable {
  /// Objects listed, and keys of placements compared.
  var objects: Int64 = 0
  var placements: Int64 = 0
  /// Placements whose object is listed with the right size.
  var matched: Int64 = 0
  var missing: Int64 = 0
  var wrongSize: Int64 = 0
  /// Objects of ours that nothing refers to, older than the grace.
  var orphans: Int64 = 0
  var orphanBytes: Int64 = 0
  /// Objects under names this registry never makes: never touched.
  var foreign: Int64 = 0
  /// Objects that are too young to be judged, in use otherwise, or on record for deletion already.
  var spared: Int64 = 0
  /// Open multipart uploads that nobody continues, older than the grace.
  var staleUploads: Int64 = 0
  /// Missing and wrong copies put aside, orphans and uploads put on record for deletion.
  var mended: Int64 = 0
  /// Why orphans are not put on record; nil while there is no doubt.
  var doubt: String?

  enum CodingKeys: String, CodingKey {
    case objects, placements, matched, missing, orphans, foreign, spared, mended, doubt
    case wrongSize = "wrong_size"
    case orphanBytes = "orphan_bytes"
    case staleUploads = "stale_uploads"
  }

  /// What is not as it should be.
  var drift: Int64 { missing + wrongSize + orphans + staleUploads }

  /// Nothing yet.
  init() {}

  /// Reads the counts of a round begun by another process; what cannot be read counts as nothing.
  init(json: String) {
    // The counts are for people: a row of another version must not stop the comparison.
    self = (try? JSONDecoder().decode(DriftTally.self, from: Data(json.utf8))) ?? DriftTally()
  }

  /// The JSON form.
  func json() throws -> String { try jsonText() }
}
