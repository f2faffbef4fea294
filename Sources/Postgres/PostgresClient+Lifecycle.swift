extension PostgresClient {
  /// A snapshot of the client's connections.
  package var statistics: PostgresStatistics {
    guard case .success(let core) = core else { return PostgresStatistics() }
    var statistics = core.pool.state.withLock { state in
      var statistics = PostgresStatistics()
      statistics.idle = state.idle.count
      statistics.opening = state.opening.count
      statistics.inUse = state.members.count - state.idle.count - state.opening.count
      statistics.waiting = state.waiters.count
      statistics.opened = state.opened
      statistics.failed = state.failed
      statistics.discarded = state.discarded
      return statistics
    }
    statistics.readsOutstanding = core.lanes.reduce(0) { $0 + $1.outstanding }
    statistics.notices = core.notices.count
    statistics.primaryMoves = core.group.moves
    return statistics
  }

  /// Refuses new calls and waits for those in flight, at most the close timeout; the rest end by their own deadlines.
  ///
  /// Returns at once when the calling task is cancelled. Calls made after it throw ``PostgresError/closed``.
  package func close() async {
    guard case .success(let core) = core else { return }
    let deadline = ContinuousClock.now + configuration.closeTimeout
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await core.pool.close(deadline: deadline) }
      for lane in core.lanes { group.addTask { await lane.close(deadline: deadline) } }
    }
    core.sweeper.stop()
    core.group.close()
  }
}
