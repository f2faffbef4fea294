import Foundation

/// What a round of verification has found; kept in the sweep's row, so its keys are stable.
struct VerificationTally: Codable, Sendable, Hashable {
  var looked: Int64 = 0
  var quarantined: Int64 = 0
  var unknown: Int64 = 0

  /// Nothing yet.
  init() {}

  /// Reads the counts of a round begun by another process; what cannot be read counts as nothing.
  init(json: String) {
    // The counts are for people: a row of another version must not stop verification.
    self = (try? JSONDecoder().decode(VerificationTally.self, from: Data(json.utf8))) ?? VerificationTally()
  }

  /// Adds a page.
  mutating func add(_ page: CopyVerifier.Page) {
    looked += Int64(page.good.count + page.quarantined.count + page.unknown.count)
    quarantined += Int64(page.quarantined.count)
    unknown += Int64(page.unknown.count)
  }

  /// The JSON form.
  func json() throws -> String { try jsonText() }
}
