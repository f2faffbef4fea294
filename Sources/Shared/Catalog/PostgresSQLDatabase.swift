package import Postgres

/// The catalog's database over PostgreSQL.
package struct PostgresSQLDatabase: SQLDatabase {
  let client: PostgresClient

  /// Takes a client, which `close()` closes.
  package init(_ client: PostgresClient) { self.client = client }

  package var dialect: SQLDialect { .postgreSQL }

  package func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    do {
      return try await client.query(sql, parameters.map(\.postgresValue), deadline: nil).catalogRows()
    } catch {
      // A lone statement that was sent and not answered may have taken effect (I8).
      throw CatalogError(error, losing: .outcomeUnknown)
    }
  }

  package func read(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    try await read(sql, parameters, deadline: nil)
  }

  package func read(
    _ sql: String, _ parameters: [SQLValue], within limit: Duration
  ) async throws(CatalogError) -> [SQLRow] {
    try await read(sql, parameters, deadline: limit)
  }

  private func read(
    _ sql: String, _ parameters: [SQLValue], deadline: Duration?
  ) async throws(CatalogError) -> [SQLRow] {
    do {
      return try await client.read(sql, parameters.map(\.postgresValue), deadline: deadline).catalogRows()
    } catch {
      throw CatalogError(error, losing: .unavailable(detail: error.description, retryAfter: .seconds(1)))
    }
  }

  package func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) async throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value {
    do {
      return try await client.transaction { try await body(PostgresSQLTransaction($0)) }
    } catch let error as CatalogError {
      throw error
    } catch let error as PostgresError {
      throw CatalogError(error, losing: .unavailable(detail: error.description, retryAfter: .seconds(1)))
    } catch {
      // Nothing else is thrown in there but the cancellation of the task.
      throw .cancelled
    }
  }

  package func close() async { await client.close() }
}

/// An open PostgreSQL transaction.
private struct PostgresSQLTransaction: SQLTransaction {
  private let transaction: PostgresTransaction

  init(_ transaction: PostgresTransaction) { self.transaction = transaction }

  func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    do {
      return try await transaction.query(sql, parameters.map(\.postgresValue), deadline: nil).catalogRows()
    } catch {
      throw CatalogError(error, losing: .unavailable(detail: error.description, retryAfter: .seconds(1)))
    }
  }

  func executeScript(_ sql: String) async throws(CatalogError) {
    do {
      try await transaction.executeScript(sql)
    } catch {
      throw CatalogError(error, losing: .unavailable(detail: error.description, retryAfter: .seconds(1)))
    }
  }
}

extension SQLValue {
  /// The bound form; a list becomes PostgreSQL's array literal, which the statement casts.
  fileprivate var postgresValue: PostgresValue {
    switch self {
    case .null: .null
    case .integer(let value): .int(value)
    case .text(let value): .text(value)
    case .bytes(let value): .bytes(value)
    case .integers(let values): .text("{\(values.map(String.init).joined(separator: ","))}")
    case .texts(let values): .text("{\(values.map(Self.arrayElement).joined(separator: ","))}")
    }
  }

  /// A quoted element of an array literal (PostgreSQL manual, 8.15.6): backslash and quote are escaped.
  private static func arrayElement(_ text: String) -> String {
    var element = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { element += "\\" }
      element.unicodeScalars.append(scalar)
    }
    return element + "\""
  }
}

extension PostgresResult {
  fileprivate func catalogRows() -> [SQLRow] {
    rows.map { row in
      SQLRow(
        row.values.map { value in
          switch value {
          case .null: .null
          case .int(let number): .integer(number)
          case .bool(let flag): .integer(flag ? 1 : 0)
          case .text(let text): .text(text)
          case .bytes(let bytes): .bytes(bytes)
          case .double(let number): .text(String(number))
          }
        })
    }
  }
}
