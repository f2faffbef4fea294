import Testing

@testable import Postgres

// Needs a server: skipped without MERIDIAN_TEST_POSTGRES, failing without it in CI.
@Suite("Values", .enabled(if: TestDatabase.isUsable))
struct ValueTests {
  @Test("every type survives the trip to the server and back")
  func roundTrip() async throws {
    try await TestDatabase.withClient("values") { client async throws in
      let allBytes = (0...255).map { UInt8($0) }
      let result = try await client.query(
        """
        SELECT $1::boolean AS yes, $2::bigint AS big, $3::text AS words, $4::bytea AS blob, $5::float8 AS half,
          $6::text AS nothing, $7::smallint AS small, ''::text AS empty, ''::bytea AS no_bytes, sum(x) AS total
        FROM (VALUES (2::bigint), (40)) AS t(x)
        """, [true, .int(Int64.min), "häßlich 🐘 '\"\\", .bytes(allBytes), 0.1, .null, .int(-3)])
      let row = try #require(result.first)
      #expect(try row.bool("yes"))
      #expect(try row.int("big") == .min)
      #expect(try row.text("words") == "häßlich 🐘 '\"\\")
      #expect(try row.bytes("blob") == allBytes)
      #expect(try row.double("half") == 0.1)
      #expect(try row.textOrNil("nothing") == nil)
      #expect(try row.int("small") == -3)
      #expect(try row.text("empty").isEmpty)
      #expect(try row.bytes("no_bytes").isEmpty)
      #expect(try row.int("total") == 42)
      #expect(try row.value(1) == .int(.min))
      #expect(result.affectedRows == 1)
    }
  }

  @Test(
    "injection strings are data", arguments: ["'; DROP TABLE x; --", "a'||pg_sleep(9)--", "$1", "\\", "%s%n", "{}"])
  func injection(text: String) async throws {
    try await TestDatabase.withClient("injection") { client async throws in
      let pooled = try await client.query("SELECT $1::text AS t", [.text(text)])
      #expect(try pooled.first?.text("t") == text)
      let piped = try await client.read("SELECT $1::text AS t", [.text(text)])
      #expect(try piped.first?.text("t") == text)
    }
  }

  @Test("a NUL byte is refused before anything is sent")
  func nulByte() async throws {
    try await TestDatabase.withClient("nul") { client async throws in
      let inText = try await failure { try await client.query("SELECT $1::text", ["a\0b"]) }
      #expect(inText == .invalidParameter("parameter $1 contains a NUL byte"))
      let inSQL = try await failure { try await client.read("SELECT 1\0") }
      #expect(inSQL == .invalidParameter("the SQL text contains a NUL byte"))
      #expect(client.statistics.opened == 0)
    }
  }

  @Test("decoding names the column and what was expected")
  func decoding() async throws {
    try await TestDatabase.withClient("decoding") { client async throws in
      let row = try #require(try await client.query("SELECT 'x' AS a, NULL::int AS n, 1 AS i").first)
      #expect(throws: PostgresError.decoding(column: "a", expected: "an integer")) { try row.int("a") }
      #expect(throws: PostgresError.decoding(column: "n", expected: "an integer, not NULL")) { try row.int("n") }
      #expect(throws: PostgresError.decoding(column: "i", expected: "text")) { try row.text("i") }
      #expect(throws: PostgresError.decoding(column: "gone", expected: "a column of this name")) { try row.int("gone") }
      #expect(throws: PostgresError.decoding(column: "#9", expected: "a column at this index")) { try row.value(9) }
    }
  }

  @Test("a large value passes both ways and a result beyond the bound is refused")
  func bounds() async throws {
    try await TestDatabase.withClient("bounds") {
      $0.maxResultBytes = 4 << 20
      $0.maxResultRows = 1000
    } _: { client async throws in
      let blob = [UInt8](repeating: 0xA5, count: 1 << 20)
      let echoed = try await client.query("SELECT $1::bytea AS b", [.bytes(blob)])
      #expect(try echoed.first?.bytes("b") == blob)
      let wide = try await failure { try await client.query("SELECT repeat('x', 5000000)") }
      #expect(wide == .resultTooLarge)
      let long = try await failure { try await client.query("SELECT * FROM generate_series(1, 1001)") }
      #expect(long == .resultTooLarge)
      let piped = try await failure { try await client.read("SELECT * FROM generate_series(1, 1001)") }
      #expect(piped == .resultTooLarge)
      #expect(try await client.query("SELECT * FROM generate_series(1, 1000)").rows.count == 1000)
    }
  }
}
