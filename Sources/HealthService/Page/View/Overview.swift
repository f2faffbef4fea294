import Shared

/// The first sentence of the page: what everybody wants to know.
struct Overview: Sendable {
  let tone: Tone
  let headline: String
  let detail: String

  /// Sums up the verdicts, and replication where it is known.
  init(_ verdicts: [RegionVerdict], picture: ReplicationPicture?) {
    let total = verdicts.count
    let reading = verdicts.filter(\.read.servesTraffic).count
    let writing = verdicts.filter(\.write.servesTraffic).count
    let warned = verdicts.filter { $0.read.status == .warn || $0.write.status == .warn }.map(\.region)
    headline = Self.headline(total: total, reading: reading, writing: writing, only: verdicts.first?.region)
    var sentences: [String] = []
    if reading == total, writing == total {
      tone = warned.isEmpty ? .pass : .warn
      if !warned.isEmpty {
        sentences.append("\(PlainWords.list(warned)) \(warned.count == 1 ? "has" : "have") a warning.")
      }
    } else {
      let out = verdicts.filter { !$0.read.servesTraffic || !$0.write.servesTraffic }
      tone = Self.tone(out, total: total, reading: reading, writing: writing)
      sentences += Self.outages(out)
    }
    if let picture { sentences.append(Self.replication(picture)) }
    detail = sentences.joined(separator: " ")
  }

  private static func headline(total: Int, reading: Int, writing: Int, only: String?) -> String {
    if total == 1, let only {
      return switch (reading, writing) {
      case (1, 1): "Region \(only) serves reads and writes"
      case (1, 0): "Region \(only) serves reads, not writes"
      case (0, 1): "Region \(only) serves writes, not reads"
      default: "Region \(only) serves neither reads nor writes"
      }
    }
    if reading == 0, writing == 0 { return "No region serves reads or writes" }
    if reading == total, writing == total { return "All \(total) regions serve reads and writes" }
    if reading == writing {
      return "\(reading) of \(total) regions \(reading == 1 ? "serves" : "serve") reads and writes"
    }
    return "Reads are served by \(words(reading, of: total)), writes by \(words(writing, of: total))"
  }

  private static func words(_ count: Int, of total: Int) -> String {
    switch count {
    case 0: "no region"
    case total: "all \(total) regions"
    default: "\(count) of \(total) regions"
    }
  }

  private static func tone(_ out: [RegionVerdict], total: Int, reading: Int, writing: Int) -> Tone {
    if reading == 0 || writing == 0 { return .fail }
    let judgements = out.flatMap { [$0.read, $0.write] }.filter { !$0.servesTraffic }
    let undrained = judgements.filter { judgement in !judgement.reasons.contains { $0.code == .drained } }
    if undrained.isEmpty { return .drained }
    return undrained.allSatisfy { $0.status == .unknown } ? .unknown : .fail
  }

  private static func outages(_ out: [RegionVerdict]) -> [String] {
    let neither = out.filter { !$0.read.servesTraffic && !$0.write.servesTraffic }.map(\.region)
    let reads = out.filter { !$0.read.servesTraffic && $0.write.servesTraffic }.map(\.region)
    let writes = out.filter { $0.read.servesTraffic && !$0.write.servesTraffic }.map(\.region)
    var parts: [String] = []
    let serve = { (names: [String]) in names.count == 1 ? "serves" : "serve" }
    if !neither.isEmpty { parts.append("\(PlainWords.list(neither)) \(serve(neither)) neither.") }
    if !reads.isEmpty { parts.append("\(PlainWords.list(reads)) \(serve(reads)) no reads.") }
    if !writes.isEmpty { parts.append("\(PlainWords.list(writes)) \(serve(writes)) no writes.") }
    return parts
  }

  private static func replication(_ picture: ReplicationPicture) -> String {
    let statuses = picture.statuses
    let pending = statuses.reduce(Int64(0)) { $0 &+ $1.pendingJobs }
    let stuck = statuses.reduce(Int64(0)) { $0 &+ $1.parked &+ $1.sourceLost }
    let atRisk = statuses.reduce(Int64(0)) { $0 &+ $1.atRisk.count }
    let oldest = statuses.compactMap(\.oldestPendingSeconds).max() ?? 0
    let waiting = PlainWords.count(pending, "copy is", "copies are")
    var parts = [
      pending == 0 ? "every copy is made" : "\(waiting) pending, the oldest for \(PlainWords.span(seconds: oldest))"
    ]
    if stuck > 0 { parts.append("\(PlainWords.count(stuck, "copy needs", "copies need")) an operator") }
    if atRisk > 0 { parts.append("\(PlainWords.count(atRisk, "blob has", "blobs have")) only one copy") }
    let text = parts.joined(separator: "; ")
    return "\(text.prefix(1).uppercased())\(text.dropFirst())."
  }
}
