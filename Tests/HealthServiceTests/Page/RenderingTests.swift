import Foundation
import HTTPTypes
import Shared
import Testing

@testable import HealthService

@Suite("The page")
struct RenderingTests {
  private let templates: PageTemplates

  init() throws { templates = try PageTemplates() }

  @Test("shows every world without a tag, a brace or an optional of ours in it")
  func worlds() throws {
    for (name, html) in try PageSpecimens.all(templates: templates) {
      #expect(html.hasPrefix("<!doctype html>") && html.hasSuffix("</html>\n"), "\(name)")
      for leftover in ["Optional(", "{{", "HealthService.", "nil"] where name != "hostile" {
        #expect(!html.contains(leftover), "\(leftover) in \(name)")
      }
      // The policy allows neither; a browser would only say so on its console.
      for forbidden in [" style=", " onclick=", "<style", "javascript:", "http://", "https://"] {
        #expect(!html.contains(forbidden), "\(forbidden) in \(name)")
      }
    }
  }

  @Test("says the same in words that it says in colours")
  func words() throws {
    let calm = PageSpecimens.html(try PageSpecimens.calm(), .anybody, templates: templates)
    #expect(calm.contains("All 3 regions serve reads and writes") && calm.contains("Up to date"))
    let trouble = PageSpecimens.html(try PageSpecimens.trouble(), .anybody, templates: templates)
    for word in [
      "Reads are served by 2 of 4 regions, writes by 1 of 4 regions", "eu and sa serve neither. ap serves no writes.",
      "Not serving", "Drained", "Serving, warning", "at 50 % of its traffic", "too long ago to say anything",
      "Blobs without a source", "6\u{202F}612", "Draining, copying",
      "Writes fail", "is seen differently by the region&#39;s health services",
    ] { #expect(trouble.contains(word), "\(word)") }
    let away = PageSpecimens.html(try PageSpecimens.away(), .anybody, templates: templates)
    #expect(away.contains("replication is shown as it was 3 min 07 s ago"))
    let start = PageSpecimens.html(try PageSpecimens.start(), .anybody, templates: templates)
    #expect(start.contains("No region serves reads or writes") && start.contains("Never heard of."))
    #expect(start.contains("nothing is known of replication yet"))
  }

  @Test("keeps reasons, digests, workers and operators from those who have not logged in")
  func details() throws {
    let trouble = try PageSpecimens.trouble()
    let secrets = [
      "no answer within 3.0 seconds", "store firmware", "by admin", "worker-eu-1", "sha256:", "503 to PUT",
      "eu-1 says pass", "the store is full",
    ]
    let anybody = PageSpecimens.html(trouble, .anybody, templates: templates)
    let superuser = PageSpecimens.html(trouble, .superuser, templates: templates)
    for secret in secrets {
      #expect(!anybody.contains(secret), "\(secret)")
      #expect(superuser.contains(secret), "\(secret)")
    }
    for link in ["/page/drain?region=us", "/page/undrain?region=ap", "/page/retry?location=eustorage", "Log out"] {
      #expect(!anybody.contains(link) && superuser.contains(link), "\(link)")
    }
    #expect(anybody.contains("href=\"/page/login\""))
  }

  @Test("writes hostile names and words as text, whatever is combined with what")
  func hostile() throws {
    let calm = PageSpecimens.html(try PageSpecimens.calm(), .superuser, templates: templates)
    let hostile = PageSpecimens.html(
      try PageSpecimens.hostile(), .superuser, note: PageSpecimens.hostileText, templates: templates)
    #expect(hostile.ranges(of: "<script").count == calm.ranges(of: "<script").count)
    #expect(!hostile.contains("<img"))
    // A quote with an accent is another character to Swift, and still a quote to a browser.
    let scalars = Array(hostile.unicodeScalars)
    let accented = scalars.indices.dropFirst().filter { scalars[$0] == "\u{301}" }
    #expect(!accented.isEmpty && accented.allSatisfy { scalars[$0 - 1] == ";" })
    #expect(!hostile.unicodeScalars.contains("\u{202E}"))
    #expect(hostile.contains("/page/undrain?region=eu%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E"))
    // Templates in a text stay text.
    #expect(hostile.contains("{{headline}}"))
    #expect(ScalarEscaping.escaped("\"\u{301}<\u{338}&'\u{0}\u{7f}\n") == "&quot;\u{301}&lt;\u{338}&amp;&#39;\n")
  }

  @Test("has one heading of the first rank, none skipped, and names for all that is labelled by another")
  func structure() throws {
    for (name, html) in try PageSpecimens.all(templates: templates) {
      #expect(html.ranges(of: "<h1").count == 1, "\(name)")
      #expect(html.contains("<html lang=\"en\">") && html.contains("<main id=\"main\""), "\(name)")
      let ranks = html.matches(of: /<h([1-6])/).compactMap { Int($0.1) }
      for (before, after) in zip(ranks, ranks.dropFirst()) { #expect(after <= before + 1, "\(name): \(ranks)") }
      guard name != "hostile" else { continue }
      let ids = Set(html.matches(of: #/\sid="([^"]+)"/#).map { String($0.1) })
      #expect(ids.count == html.matches(of: #/\sid="([^"]+)"/#).count, "an id twice in \(name)")
      for match in html.matches(of: #/\s(?:aria-labelledby|aria-describedby|for)="([^"]+)"/#) {
        for id in match.1.split(separator: " ") { #expect(ids.contains(String(id)), "\(id) in \(name)") }
      }
      #expect(html.ranges(of: "<table").count == html.ranges(of: "<caption>").count, "\(name)")
    }
  }

  /// The browser's tests look at these files; see Tests/browser.
  @Test("is written to a folder for the browser's tests", .enabled(if: RenderingTests.folder != nil))
  func files() throws {
    let folder = URL(filePath: try #require(Self.folder))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, html) in try PageSpecimens.all(templates: templates) {
      try Data(html.utf8).write(to: folder.appending(path: "\(name).html"))
    }
    for (name, bytes) in [
      ("style.css", templates.style), ("script.js", templates.script), ("icon.svg", templates.icon),
    ] {
      try Data(bytes).write(to: folder.appending(path: name))
    }
    let fields = PageAnswer.html(.ok, []).fields.map { "\($0.name): \($0.value)\n" }.joined()
    try Data(fields.utf8).write(to: folder.appending(path: "fields.txt"))
  }

  static var folder: String? { ProcessInfo.processInfo.environment["MERIDIAN_PAGE_SPECIMENS"] }
}
