import ArgumentParser
import Shared

/// All regions' verdicts, made from what is on the boards.
struct FleetReport: Encodable, Sendable {
  let regions: [RegionVerdict]
  let board: BoardReach
  let nowMs: Int64?

  /// Reads both boards, each for itself; throws where neither can be read.
  static func read(path: String) async throws -> FleetReport {
    let configuration = try Startup.configuration(path: path).configuration
    var (observations, drains, nowMs) = ([RegionObservation](), [RegionDrain](), Int64?.none)
    var failures: [String] = []
    var (hasDatabase, hasRedis) = (false, false)
    do {
      let (found, list) = try await Startup.withCatalog(path: path, service: "health-service") {
        catalog -> ([RegionObservation], DrainList) in
        let board = CatalogHealthBoard(catalog: catalog)
        return (try await board.observations(), try await board.drains())
      }
      (observations, drains, nowMs, hasDatabase) = (found, list.drains, list.nowMs, true)
    } catch {
      failures.append("\(error)")
    }
    let redis = RedisHealthBoard(settings: configuration.redis)
    do {
      observations += try await redis.observations()
      if !hasDatabase, let kept = try await redis.drains() { drains = kept.list.inForce(afterMs: kept.ageMs) }
      hasRedis = true
    } catch {
      failures.append("\(error)")
    }
    await redis.close()
    guard hasDatabase || hasRedis else {
      CommandOutcome.remark("health-service: nothing can be known: \(failures.joined(separator: "; "))")
      throw ExitCode(69)
    }
    for failure in failures { CommandOutcome.remark(failure) }
    let board = BoardReach(redis: hasRedis, database: hasDatabase)
    let verdicts = VerdictEngine.verdicts(
      of: observations, drains: drains, policy: VerdictPolicy(configuration), own: configuration.ownRegion, board: board
    )
    return FleetReport(regions: verdicts.sorted { $0.region < $1.region }, board: board, nowMs: nowMs)
  }

  /// The report for people: a line per region and direction, then the reasons.
  var lines: [String] {
    regions.flatMap { verdict in
      let heard = verdict.isStale ? "not heard of" : "heard of \(max(0, verdict.ageMs) / 1000) s ago"
      var lines = [
        "\(verdict.region): pulls \(Self.word(verdict.read)), pushes \(Self.word(verdict.write)) "
          + "(\(heard) by \(verdict.instances.isEmpty ? "nobody" : verdict.instances.joined(separator: ", ")))"
      ]
      if let drain = verdict.drain {
        lines.append("  drained: \(DrainText.line(drain, nowMs: nowMs ?? drain.sinceMs))")
      }
      var told: Set<Reason> = []
      for reason in verdict.read.reasons + verdict.write.reasons where told.insert(reason).inserted {
        lines.append("  \(reason.component.map { "\($0): " } ?? "")\(reason.text) [\(reason.code.rawValue)]")
      }
      return lines
    }
  }

  private static func word(_ judgement: Judgement) -> String {
    judgement.servesTraffic && judgement.weight < 100
      ? "\(judgement.status.rawValue) \(judgement.weight)%" : judgement.status.rawValue
  }
}
