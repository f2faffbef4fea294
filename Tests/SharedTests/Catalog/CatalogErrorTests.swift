import Postgres
import Testing

@testable import SharedCatalog

@Suite("Catalog errors")
struct CatalogErrorTests {
  @Test("an answer lost on the way is unknown for a write and unavailable for a read, never success (I8)")
  func lostAnswers() {
    for error in [PostgresError.connectionLost("reset"), .deadlineExceeded] {
      #expect(CatalogError(error, losing: .outcomeUnknown) == .outcomeUnknown)
      let read = CatalogError(error, losing: .unavailable(detail: "lost", retryAfter: nil))
      #expect(read == .unavailable(detail: "lost", retryAfter: nil))
    }
    #expect(CatalogError(.outcomeUnknown, losing: .closed) == .outcomeUnknown)
    #expect(CatalogError(.connectionFailed("refused"), losing: .outcomeUnknown) != .outcomeUnknown)
  }

  @Test(
    "SQLSTATEs become what a caller can act on",
    arguments: [
      ("40001", nil, CatalogError.contended), ("40P01", nil, .contended), ("25006", nil, .readOnly),
      ("53100", nil, .limitExceeded(detail: "m")), ("57P01", nil, .unavailable(detail: "m", retryAfter: .seconds(1))),
      ("55P03", nil, .unavailable(detail: "m", retryAfter: .seconds(1))),
      ("22021", nil, .invalidParameter(detail: "m")),
      ("23505", "placements_location_object_key_key", .conflict(.keyInUse)),
      ("23503", "upload_sessions_repository_fkey", .conflict(.repositoryUnknown)),
      ("23505", "another", .conflict(.constraint("another"))), ("42P01", nil, .refused(code: "42P01", detail: "m")),
    ] as [(String, String?, CatalogError)])
  func serverErrors(_ state: String, _ constraint: String?, _ expected: CatalogError) {
    let error = PostgresError.server(sqlState: state, message: "m", constraint: constraint)
    #expect(CatalogError(error, losing: .outcomeUnknown) == expected)
  }

  @Test("durations become whole milliseconds, never fewer than asked for, never beyond what adds up")
  func milliseconds() {
    #expect(SQLValue.milliseconds(.milliseconds(1500)) == .integer(1500))
    #expect(SQLValue.milliseconds(.nanoseconds(1)) == .integer(1))
    #expect(SQLValue.milliseconds(.zero) == .integer(0))
    #expect(SQLValue.milliseconds(.seconds(Int64.max)) == .integer(31_556_952_000_000))
    #expect(SQLValue.milliseconds(.seconds(Int64.min)) == .integer(-31_556_952_000_000))
  }

  @Test("a row read as something it is not throws")
  func rows() {
    let row = SQLRow([.integer(1), .null, .text("x")])
    #expect(throws: CatalogError.self) { try row.text(0) }
    #expect(throws: CatalogError.self) { try row.integer(1) }
    #expect(throws: CatalogError.self) { try row.integer(3) }
    #expect(throws: CatalogError.self) { try row.isNull(-1) }
    #expect(throws: CatalogError.self) { try row.digest(2) }
  }
}
