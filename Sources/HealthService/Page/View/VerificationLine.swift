import Foundation
import Shared

/// What is known of the verification of a location, a sentence for each depth.
enum VerificationLine {
  /// What a round has counted, as its worker wrote it down.
  private struct Tally: Decodable {
    var looked: Int64?
    var quarantined: Int64?
  }

  /// The sentences; a depth that nobody ever verified or asked for has none.
  static func lines(
    at location: LocationID, picture: ReplicationPicture, nowMs: Int64, audience: PageAudience
  ) -> [String] {
    VerificationDepth.allCases.compactMap { depth in
      let round = picture.rounds.first { $0.name == "verify-\(depth.rawValue):\(location)" }
      let request = picture.requests.first { $0.location == location && $0.depth == depth }
      return line(depth, round, request, nowMs: nowMs, audience: audience)
    }
  }

  private static func line(
    _ depth: VerificationDepth, _ round: SweepState?, _ request: VerificationRequest?, nowMs: Int64,
    audience: PageAudience
  ) -> String? {
    let what = depth == .presence ? "Presence of all copies" : "Bytes of all copies"
    var sentences: [String] = []
    if let request, request.doneAtMs == nil {
      let who = audience.seesDetails ? " by \(request.requestedBy)" : ""
      let isUnderWay = (round?.startedAtMs ?? 0) >= request.requestedAtMs && round?.holder != nil
      sentences.append(
        "asked for\(who) \(PlainWords.ago(milliseconds: nowMs - request.requestedAtMs)), "
          + (isUnderWay ? "under way" : "waiting for a worker"))
    }
    if let round, round.cursor != nil {
      let tally = tally(round)
      sentences.append(
        "\(PlainWords.count(tally.looked ?? 0)) looked at in this round, "
          + "\(PlainWords.count(tally.quarantined ?? 0)) put aside")
    } else if let finished = round?.finishedAtMs {
      let tally = round.map(tally)
      sentences.append(
        "last round ended \(PlainWords.ago(milliseconds: nowMs - finished)): \(PlainWords.count(tally?.looked ?? 0)) "
          + "looked at, \(PlainWords.count(tally?.quarantined ?? 0)) put aside")
    }
    return sentences.isEmpty ? nil : "\(what): \(sentences.joined(separator: "; "))."
  }

  private static func tally(_ round: SweepState) -> Tally {
    // Counts for people: a row of another version must not take the page away.
    (try? JSONDecoder().decode(Tally.self, from: Data(round.progress.utf8))) ?? Tally()
  }
}
