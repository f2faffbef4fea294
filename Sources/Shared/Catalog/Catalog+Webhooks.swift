/// Events on their way to receivers: at least once each, until taken or given up.
extension Catalog {
  /// A statement that puts drafts on record; parameters: receivers, events.
  var recordDeliveries: String {
    """
    INSERT INTO webhook_deliveries (receiver, event)
    SELECT item.receiver, item.event FROM \(dialect.rows("item", .texts("receiver", 1), .texts("event", 2)))
    """
  }

  /// Takes up to `limit` due deliveries to `receiver`; each comes again after `lease` unless it is ended or postponed.
  package func claimDeliveries(
    to receiver: String, limit: Int, lease: Duration
  ) async throws(CatalogError) -> [WebhookDelivery] {
    guard limit > 0 else { return [] }
    let rows = try await write(
      """
      WITH due AS (
        SELECT d.id FROM webhook_deliveries d WHERE d.receiver = $1 AND d.not_before <= now_ms()
        ORDER BY d.not_before, d.id LIMIT \(Self.plannedLimit(limit)) \(dialect.skippingLocked("d"))
      ), first AS (SELECT id FROM due ORDER BY id LIMIT $2)
      UPDATE webhook_deliveries SET not_before = now_ms() + CAST($3 AS BIGINT), attempts = attempts + 1
      WHERE id IN (SELECT id FROM first)
      RETURNING id, receiver, event, attempts, now_ms() - created_at, last_error
      """, [.text(receiver), .integer(Int64(limit)), .milliseconds(lease)])
    return try rows.map { (row) throws(CatalogError) in try Self.delivery(row) }.sorted { $0.id < $1.id }
  }

  /// Forgets a delivery that was taken.
  package func finishDelivery(_ id: Int64) async throws(CatalogError) {
    _ = try await write("DELETE FROM webhook_deliveries WHERE id = $1", [.integer(id)])
  }

  /// Lets a delivery that failed wait for `delay`.
  package func postponeDelivery(_ id: Int64, by delay: Duration, error: String) async throws(CatalogError) {
    _ = try await write(
      "UPDATE webhook_deliveries SET not_before = now_ms() + CAST($2 AS BIGINT), last_error = $3 WHERE id = $1",
      [.integer(id), .milliseconds(delay), .text(Self.storable(error))])
  }

  /// Gives up to `limit` deliveries up that are older than `age`, whoever they are for, and returns them for the log.
  package func giveUpDeliveries(
    olderThan age: Duration, limit: Int
  ) async throws(CatalogError) -> [WebhookDelivery] {
    // The numbers grow with time, so the oldest are found without an index of their own.
    let rows = try await write(
      """
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT d.id FROM (SELECT id, created_at FROM webhook_deliveries ORDER BY id LIMIT \(Self.plannedLimit(limit))) d
        WHERE d.created_at < now_ms() - CAST($1 AS BIGINT)
      ) RETURNING id, receiver, event, attempts, now_ms() - created_at, last_error
      """, [.milliseconds(age)])
    return try rows.map { (row) throws(CatalogError) in try Self.delivery(row) }.sorted { $0.id < $1.id }
  }

  /// How many events wait, by receiver.
  package func waitingDeliveries() async throws(CatalogError) -> [String: Int64] {
    let rows = try await survey("SELECT receiver, count(*) FROM webhook_deliveries GROUP BY receiver", [])
    var result: [String: Int64] = [:]
    for row in rows { result[try row.text(0)] = try row.integer(1) }
    return result
  }

  private static func delivery(_ row: SQLRow) throws(CatalogError) -> WebhookDelivery {
    WebhookDelivery(
      id: try row.integer(0), receiver: try row.text(1), event: try row.text(2), attempts: try row.count(3),
      ageMs: try row.integer(4), lastError: try row.optionalText(5))
  }
}
