import ArgumentParser
import Shared

/// How a gap is told to people and to scripts.
extension ReplicationGap {
  /// The last line of every command that fills: nothing else says `complete`.
  var line: String { "\(missing) missing, \(inFlight) in flight" + (isComplete ? ": complete" : "") }

  /// What a person has to do, a line for each thing; empty where there is none.
  var advice: [String] {
    var lines: [String] = []
    if parked > 0 {
      lines.append("\(parked) parked after too many failures: see 'status', then 'retry --parked'")
    }
    if sourceLost > 0 {
      lines.append("\(sourceLost) without any intact copy: push those blobs again, or restore a store, then 'retry'")
    }
    let rest = missing - inFlight - parked - sourceLost
    if rest > 0 { lines.append("\(rest) not ordered: run 'backfill'") }
    return lines
  }

  /// 0 where everything is where it must be, 2 where a person has to do something, 3 where it takes time only.
  var exitCode: Int32 { isComplete ? 0 : isStuck ? 2 : 3 }

  /// Ends the command with the exit code.
  func exit() throws {
    if exitCode != 0 { throw ExitCode(exitCode) }
  }
}

/// The JSON form of a gap; its keys are part of the commands' contract.
struct GapReport: Encodable {
  let missing: Int64
  let missingBytes: Int64
  let inFlight: Int64
  let parked: Int64
  let sourceLost: Int64
  let isComplete: Bool

  enum CodingKeys: String, CodingKey {
    case missing, parked
    case missingBytes = "missing_bytes"
    case inFlight = "in_flight"
    case sourceLost = "source_lost"
    case isComplete = "complete"
  }

  /// Takes the counts over.
  init(_ gap: ReplicationGap) {
    missing = gap.missing
    missingBytes = gap.missingBytes
    inFlight = gap.inFlight
    parked = gap.parked
    sourceLost = gap.sourceLost
    isComplete = gap.isComplete
  }
}
