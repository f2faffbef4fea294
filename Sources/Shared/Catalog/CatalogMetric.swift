package import SharedObservability

/// What every executable shows of its connections to the database.
package enum CatalogMetric: String, DeclaredMetric {
  case connections = "meridian_database_connections"
  case waiting = "meridian_database_waiting"
  case readsOutstanding = "meridian_database_reads_outstanding"
  case opened = "meridian_database_connections_opened"
  case failed = "meridian_database_connections_failed"
  case discarded = "meridian_database_connections_discarded"
  case primaryMoves = "meridian_database_primary_moves"

  package var shape: MetricShape {
    switch self {
    case .connections: .gauge("Pooled connections to the database, by server and state.", "server", "state")
    case .waiting: .gauge("Callers waiting for a connection to the database.", "server")
    case .readsOutstanding: .gauge("Reads waiting or in flight on pipelined connections.", "server")
    case .opened: .gauge("Connections to the database opened since the start.", "server")
    case .failed: .gauge("Attempts to open a connection to the database that failed since the start.", "server")
    case .discarded: .gauge("Connections to the database dropped as broken or unfit since the start.", "server")
    case .primaryMoves: .gauge("How often the primary was found at another server than before.", "server")
    }
  }
}

/// What processes that answer pulls show of where their reads were answered.
package enum ReadMetric: String, DeclaredMetric {
  case reads = "meridian_catalog_reads_total"
  case primaryAway = "meridian_catalog_primary_away"

  package var shape: MetricShape {
    switch self {
    case .reads: .counter("Reads of pulls, by where the answer came from.", "from")
    case .primaryAway: .gauge("1 while the database's primary does not answer reads.")
    }
  }
}

extension Catalog {
  /// Shows the connections as they are now; called before metrics are written out.
  package func showPools(in registry: MetricsRegistry) {
    for pool in database.pools {
      let server = ["server": pool.server.rawValue]
      for (state, count) in [("in_use", pool.inUse), ("idle", pool.idle), ("opening", pool.opening)] {
        registry.gauge(CatalogMetric.connections, server.merging(["state": state]) { $1 }).set(Double(count))
      }
      let figures: [(CatalogMetric, Int)] = [
        (.waiting, pool.waiting), (.readsOutstanding, pool.readsOutstanding), (.opened, pool.opened),
        (.failed, pool.failed), (.discarded, pool.discarded), (.primaryMoves, pool.primaryMoves),
      ]
      for (metric, count) in figures { registry.gauge(metric, server).set(Double(count)) }
    }
  }
}
