import Testing

@testable import Postgres

@Suite("Configuration")
struct ConfigurationTests {
  private func target(_ uri: String) throws -> ConnectionTarget {
    try ConnectionTarget(PostgresConfiguration(uri: uri, applicationName: "unit"))
  }

  @Test(
    "Quay's and SQLAlchemy's schemes are libpq's",
    arguments: ["postgresql", "postgres", "postgresql+psycopg2", "POSTGRESQL+asyncpg"])
  func schemes(scheme: String) throws {
    let settings = try target("\(scheme)://quay:p%40ss@db.example:6543/quay?sslmode=verify-full").settings
    #expect(settings["user"] == "quay" && settings["password"] == "p@ss" && settings["host"] == "db.example")
    #expect(settings["port"] == "6543" && settings["dbname"] == "quay" && settings["sslmode"] == "verify-full")
  }

  @Test(
    "other schemes, and URIs that cannot be parsed, are refused without quoting them",
    arguments: [
      "mysql://u:secretword@h/d", "no scheme secretword", "postgresql://u:secretword%zz@h/d",
      "postgresql://u:secretword@[h/d",
    ])
  func refusals(uri: String) {
    let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(uri: uri).validate() }
    #expect(error.map { !"\($0)".contains("secretword") } == true)
  }

  @Test("an unknown query parameter is named")
  func unknownParameter() {
    let error = #expect(throws: PostgresError.self) {
      try PostgresConfiguration(uri: "postgresql://u:secretword@h/d?sslmoode=require").validate()
    }
    #expect(error.map { "\($0)".contains("sslmoode") } == true)
  }

  @Test("defaults fill what the URI leaves open and nothing else")
  func defaults() throws {
    let plain = try target("postgresql://u@h/d").settings
    #expect(plain["tcp_user_timeout"] == "10000" && plain["keepalives_idle"] == "30")
    #expect(plain["fallback_application_name"] == "unit" && plain["target_session_attrs"] == nil)
    #expect(plain["options"]?.contains("-c statement_timeout=30000") == true)
    let given = try target(
      "postgresql://a,b/d?target_session_attrs=any&tcp_user_timeout=7&connect_timeout=9&options=-c%20x.y%3D1")
    #expect(given.settings["target_session_attrs"] == "any" && given.settings["tcp_user_timeout"] == "7")
    #expect(given.settings["options"]?.hasSuffix(" -c x.y=1") == true)
    #expect(given.connectTimeout == .seconds(9))
    #expect(try target("postgresql://a,b/d").settings["target_session_attrs"] == "read-write")
  }

  @Test("hosts are dropped from the front, with their ports")
  func hosts() throws {
    let all = try target("postgresql://a:1,b:2,c/d")
    #expect(all.hosts == [.init(name: "a", port: "1"), .init(name: "b", port: "2"), .init(name: "c", port: "5432")])
    #expect(all.dropping(hosts: 1)?.hosts == [.init(name: "b", port: "2"), .init(name: "c", port: "5432")])
    #expect(all.dropping(hosts: 3) == nil)
  }

  @Test("a login refusal is permanent, loses its SQLSTATE and location, and never shows the password")
  func connectFailure() throws {
    let target = try target("postgresql://u:hunter22@h/d")
    let failure = ConnectFailure(
      libpqMessage:
        "connection to server at \"h\", port 5432 failed: FATAL:  28P01: password hunter22 is wrong\nLOCATION:  auth_failed, auth.c:335\n",
      target: target)
    #expect(failure.isPermanent)
    #expect(failure.message == "connection to server at \"h\", port 5432 failed: FATAL: password *** is wrong")
    let starting = ConnectFailure(libpqMessage: "FATAL:  57P03: the database system is starting up\n", target: target)
    #expect(!starting.isPermanent)
  }
}
