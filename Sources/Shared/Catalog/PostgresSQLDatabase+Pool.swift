import Postgres

extension PostgresSQLDatabase {
  package var pools: [DatabasePool] {
    let statistics = client.statistics
    return [
      DatabasePool(
        server: .primary, inUse: statistics.inUse, idle: statistics.idle, opening: statistics.opening,
        waiting: statistics.waiting, readsOutstanding: statistics.readsOutstanding, opened: statistics.opened,
        failed: statistics.failed, discarded: statistics.discarded, primaryMoves: statistics.primaryMoves)
    ]
  }
}
