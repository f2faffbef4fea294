import Testing

@testable import HealthService

@Suite("A request target is read before anything is looked up")
struct HealthEndpointTests {
  @Test(arguments: [
    ("/livez", HealthEndpoint.livez), ("/readyz", .readyz), ("/health", .instance), ("/health/instance", .instance),
    ("/health/endtoend", .endToEnd), ("/status", .endToEnd), ("/health/warning", .warning),
    ("/health/dbrevision", .databaseRevision), ("/health/regions", .regions),
    ("/health/region/us", .region("us", .both)), ("/health/region/us?for=read", .region("us", .read)),
    ("/health/region/eu-west-1?for=write", .region("eu-west-1", .write)),
    ("/health/region/us?for=both", .region("us", .both)), ("/health?x=1", .instance),
    ("/health/region/us?probe=17&for=write&at=3", .region("us", .write)),
    ("/health/region/us?for=read&for=read", .region("us", .read)), ("/health/region/us?", .region("us", .both)),
  ])
  func known(target: String, endpoint: HealthEndpoint) {
    #expect(HealthEndpoint.reading(target: target) == .endpoint(endpoint))
  }

  @Test(arguments: [
    "/health/region/us?for=", "/health/region/us?for", "/health/region/us?for=delete", "/health/region/us?for=READ",
    "/health/region/us?for=read&for=write", "/health/region/us?for=%72ead",
  ])
  func badQuestions(target: String) {
    #expect(HealthEndpoint.reading(target: target) == .badQuestion)
  }

  @Test(arguments: [
    "", "/", "*", "/health/", "/health/region", "/health/region/", "/health/region/us/", "/health/region/us/eu",
    "/health/region/../etc/passwd", "/health/region/US", "/health/region/%75s", "/health/region/us\u{0}",
    "/health/region/-us", "/health/region/" + String(repeating: "a", count: 65), "http://other/health", "/livez/x",
    "/healthz", "/metrics", "//health",
  ])
  func elsewhere(target: String) {
    #expect(HealthEndpoint.reading(target: target) == .elsewhere)
  }
}

@Suite("The form of an answer follows Accept")
struct HealthFormatTests {
  @Test(arguments: [
    "application/health+json", "Application/Health+JSON; charset=utf-8", "text/html, application/health+json;q=0.8",
    "application/json;q=0.5, application/health+json;q=0.5", " application/health+json ; q=1.0",
  ])
  func healthJSON(accept: String) { #expect(HealthFormat(accept: accept) == .healthJSON) }

  @Test(arguments: [
    nil, "", "*/*", "application/json", "application/*", "application/health+json;q=0",
    "application/json, application/health+json;q=0.9", "application/health+json;q=abc", ",,;;=,",
    "application/health+json" + String(repeating: ",a/b", count: 400),
  ])
  func plain(accept: String?) { #expect(HealthFormat(accept: accept) == .plain) }
}
