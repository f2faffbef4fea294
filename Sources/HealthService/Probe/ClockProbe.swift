import Shared

/// The probe of this region's clocks, this host's and its API's, against those of the database and the stores.
///
/// Requests that are signed with a clock that is off by five minutes or more are refused by stores, and so are presigned
/// URLs: then pulls by redirect fail (reliability: RequestTimeTooSkewed).
enum ClockProbe {
  /// One reading of a clock.
  struct Reading: Sendable, Equatable {
    /// What the clock said, in milliseconds since the epoch.
    let clockMs: Int64
    /// What this host's clock said in the middle between question and answer.
    let ownMs: Int64

    /// How far the clock is ahead of this host's.
    var aheadMs: Int64 {
      let (ahead, overflows) = clockMs.subtractingReportingOverflow(ownMs)
      return overflows ? 0 : ahead
    }
  }

  typealias Clock = @Sendable () async throws -> Reading

  /// Builds the probe: `references` are clocks to go by, `subjects` further clocks of this region besides this host's.
  ///
  /// Each clock has a limit of its own well below `deadline`: one that hangs must not look like one that is off.
  static func make(
    references: [Clock], subjects: [Clock], warnAfter: Duration, failAfter: Duration,
    interval: Duration = .seconds(10), deadline: Duration = .seconds(6)
  ) -> Probe {
    Probe(target: .clock, interval: interval, deadline: deadline, thresholds: .init(rise: 2, fall: 2)) {
      async let known = readings(of: references)
      async let judged = readings(of: subjects)
      return sighting(
        references: await known.map(\.aheadMs), subjects: await judged.map(\.aheadMs), warnAfter: warnAfter,
        failAfter: failAfter)
    }
  }

  /// What the readings, in milliseconds ahead of this host's clock, mean.
  ///
  /// The median of the others is taken for right: one store whose clock is wrong is that store's trouble.
  static func sighting(references: [Int64], subjects: [Int64], warnAfter: Duration, failAfter: Duration) -> Sighting {
    guard !references.isEmpty else { return Sighting(read: .warn("no other clock could be asked")) }
    let sorted = references.sorted()
    let right = sorted[(sorted.count - 1) / 2]
    // This host's own clock is ahead of itself by nothing.
    let worst = ([0] + subjects).map { Self.distance($0, right) }.max() ?? 0
    let seconds = Double(worst) / 1000
    let values = ["skew_seconds": seconds]
    let text = "a clock of this region is off by \(Int64(seconds.rounded())) s"
    if worst > failAfter.wholeMs { return Sighting(read: .fail(text), values: values) }
    return Sighting(read: worst > warnAfter.wholeMs ? .warn(text) : .pass, values: values)
  }

  /// A clock that tells the time with its answers to HTTP, to the second.
  static func http(_ url: String, http: PlainHTTP, within limit: Duration, nowMs: @escaping @Sendable () -> Int64)
    -> Clock
  {
    return {
      let before = nowMs()
      let date = try await http.send("GET", url, within: limit).date
      let after = nowMs()
      guard let date else { throw ProbeError.noTime }
      let (ms, overflows) = date.multipliedReportingOverflow(by: 1000)
      // The second that is told began half a second ago on average.
      return Reading(clockMs: overflows ? 0 : ms + 500, ownMs: before + (after - before) / 2)
    }
  }

  /// The database's clock.
  static func database(_ catalog: Catalog, within limit: Duration, nowMs: @escaping @Sendable () -> Int64) -> Clock {
    return {
      let before = nowMs()
      let clock = try await catalog.clockMs(within: limit)
      return Reading(clockMs: clock, ownMs: before + (nowMs() - before) / 2)
    }
  }

  private static func distance(_ left: Int64, _ right: Int64) -> Int64 {
    let (difference, overflows) = left.subtractingReportingOverflow(right)
    return overflows || difference == .min ? .max : abs(difference)
  }

  private static func readings(of clocks: [Clock]) async -> [Reading] {
    await withTaskGroup(of: Reading?.self) { group in
      for clock in clocks {
        // A clock that does not answer is no clock to go by; whoever keeps it is probed elsewhere.
        group.addTask { try? await clock() }
      }
      return await group.reduce(into: []) { readings, reading in
        if let reading { readings.append(reading) }
      }
    }
  }
}
