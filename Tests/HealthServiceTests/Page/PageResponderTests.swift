import Foundation
import HTTPTypes
import Logging
import Shared
import Synchronization
import Testing

@testable import HealthService

@Suite("The page's answers")
struct PageResponderTests {
  /// What the forms had done.
  private final class Deeds: Sendable {
    let list = Mutex<[String]>([])
    let fails = Mutex(false)

    func add(_ deed: String) throws {
      if fails.withLock({ $0 }) { throw CatalogError.unavailable(detail: "secret host", retryAfter: .seconds(1)) }
      list.withLock { $0.append(deed) }
    }

    var all: [String] { list.withLock { $0 } }
  }

  private let deeds = Deeds()
  private let page: PageResponder

  init() throws {
    let deeds = deeds
    let home = try LocationID(parsing: "usstorage")
    let state = HealthState(
      region: try RegionName(parsing: "us"), home: home, policy: VerdictPolicy(regions: ["us", "eu"]))
    let keeper = PictureKeeper()
    keeper.keep(try PageSpecimens.picture(isBusy: true))
    let templates = try PageTemplates()
    let password = Secret("a good password")
    page = PageResponder(
      templates: templates, cache: LiveCache(templates: templates, state: state, keeper: keeper, clock: .system),
      state: state, keeper: keeper,
      access: PageAccess(
        directory: SuperuserDirectory(names: ["admin"], password: password), secretKey: Secret("0123456789abcdef"),
        password: password, now: { 1_795_355_200 }),
      operations: PageOperations(
        drain: { try deeds.add("drain \($0) \($1.rawValue) \($2) by \($3) for \($4.map { "\($0)" } ?? "ever")") },
        undrain: {
          try deeds.add("undrain \($0)")
          return true
        },
        retry: {
          try deeds.add("retry \($0) \($1.map(\.rawValue))")
          return PageOperations.Retried(jobs: 8, isMore: true)
        },
        verify: {
          try deeds.add("verify \($0) \($1.rawValue) by \($2)")
          return true
        }),
      details: .loopback, logger: Logger(label: "page") { _ in SwiftLogNoOpLogHandler() })
  }

  private func ask(
    _ method: HTTPRequest.Method, _ path: String, query: [String: String] = [:], _ fields: [(String, String)] = [],
    form: String = "", isLocal: Bool = false
  ) async -> PageAnswer? {
    var all = HTTPFields()
    for (name, value) in fields {
      if let name = HTTPField.Name(name) { all.append(HTTPField(name: name, value: value)) }
    }
    return await page.answer(
      PageRequest(
        method: method, path: path, query: query, fields: all, host: "status.example", peer: "10.0.0.1",
        isLocal: isLocal,
        body: { Array(form.utf8) }))
  }

  private func text(_ answer: PageAnswer?) -> String { String(decoding: answer?.body ?? [], as: UTF8.self) }

  private func basic(_ text: String) -> (String, String) {
    ("Authorization", "Basic " + Data(text.utf8).base64EncodedString())
  }

  /// Logs in; the cookie as a browser sends it.
  private func cookie() async throws -> (String, String) {
    let answer = try #require(await ask(.get, "/page/login", [basic("admin:a good password")]))
    let set = try #require(answer.fields[.setCookie])
    return ("Cookie", "theme=x; " + String(set.prefix { $0 != ";" }))
  }

  private func token(_ action: PageAction, _ subject: String, _ cookie: (String, String)) async throws -> String {
    let html = text(await ask(.get, action.path, query: [action.subject: subject], [cookie]))
    return String(try #require(html.firstMatch(of: /name="token" value="([0-9a-f]{64})"/)).1)
  }

  private let own = ("Sec-Fetch-Site", "same-origin")
  private let type = ("Content-Type", "application/x-www-form-urlencoded")

  @Test("keep everything foreign out, and nothing in anybody's cache")
  func fields() async throws {
    for (method, path) in [(HTTPRequest.Method.get, "/"), (.head, "/"), (.get, "/page/live"), (.get, "/page/none")] {
      let answer = try #require(await ask(method, path))
      let policy = try #require(answer.fields[.contentSecurityPolicy])
      #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("*"))
      #expect(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"))
      #expect(answer.fields[.cacheControl] == "no-store" && answer.fields[.xContentTypeOptions] == "nosniff")
    }
    for (path, type) in [("style.css", "text/css"), ("script.js", "text/javascript"), ("icon.svg", "image/svg+xml")] {
      let answer = try #require(await ask(.get, "/page/\(path)"))
      #expect(answer.status == .ok && answer.fields[.contentType]?.hasPrefix(type) == true && !answer.body.isEmpty)
    }
    #expect(await ask(.get, "/health") == nil)
    #expect(await ask(.get, "/pages") == nil)
    #expect(await ask(.get, "/page/none")?.status == .notFound)
    #expect(await ask(.post, "/")?.status == .methodNotAllowed)
  }

  @Test("log superusers in by Basic, with a cookie that no script reads and no other site sends")
  func login() async throws {
    let challenge = try #require(await ask(.get, "/page/login"))
    #expect(challenge.status == .unauthorized && challenge.fields[.wwwAuthenticate]?.hasPrefix("Basic realm=") == true)
    #expect(await ask(.get, "/page/login", [basic("admin:wrong")])?.status == .unauthorized)
    let answer = try #require(
      await ask(.get, "/page/login", [basic("admin:a good password"), ("X-Forwarded-Proto", "https")]))
    #expect(answer.status == .seeOther && answer.fields[.location] == "/")
    let set = try #require(answer.fields[.setCookie])
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=1800", "; Secure"] {
      #expect(set.contains(part), "\(part)")
    }
    #expect(!set.contains("admin") && !set.contains("password"))
    let cookie = try await cookie()
    #expect(text(await ask(.get, "/", [cookie])).contains("Logged in as <b>admin</b>"))
    #expect(text(await ask(.get, "/")).contains("href=\"/page/login\""))
    let out = try #require(await ask(.post, "/page/logout", [cookie, own]))
    #expect(out.fields[.setCookie]?.contains("meridian_session=; ") == true)
    #expect(out.fields[.setCookie]?.contains("Max-Age=0") == true)
    #expect(await ask(.post, "/page/logout", [cookie])?.status == .forbidden)
  }

  @Test("turn guessing away after a few tries, also with the right password among them")
  func guessing() async throws {
    for _ in 0..<5 { _ = await ask(.get, "/page/login", [basic("admin:wrong")]) }
    let answer = try #require(await ask(.get, "/page/login", [basic("admin:a good password")]))
    #expect(answer.status == .tooManyRequests && answer.fields[.retryAfter] != nil)
    #expect(answer.fields[.setCookie] == nil)
  }

  @Test("have done what a form asks, once, and say so on the next page only")
  func drains() async throws {
    let cookie = try await cookie()
    let token = try await token(.drain, "eu", cookie)
    let form = "token=\(token)&region=eu&direction=write&duration=4h&reason=new+disks&confirmed=yes"
    let answer = try #require(await ask(.post, "/page/drain", [cookie, own, type], form: form))
    #expect(answer.status == .seeOther && answer.fields[.location] == "/")
    #expect(deeds.all == ["drain eu write new disks by admin for 14400.0 seconds"])
    let note = try #require(answer.fields[.setCookie]?.prefix { $0 != ";" })
    let next = try #require(await ask(.get, "/", [("Cookie", "\(cookie.1); \(note)")]))
    #expect(text(next).contains("Region eu is drained."))
    #expect(next.fields[.setCookie]?.hasPrefix("meridian_note=; ") == true)
    #expect(!text(await ask(.get, "/page/live", [("Cookie", "\(note)")])).contains("Region eu is drained."))
  }

  @Test("send on, verify and end drains too")
  func others() async throws {
    let cookie = try await cookie()
    for (action, subject, more) in [
      (PageAction.undrain, "eu", ""), (.retry, "eustorage", "&which=both"), (.verify, "usstorage", "&depth=content"),
    ] {
      let token = try await token(action, subject, cookie)
      let form = "token=\(token)&\(action.subject)=\(subject)\(more)"
      #expect(await ask(.post, action.path, [cookie, own, type], form: form)?.status == .seeOther, "\(action)")
    }
    #expect(
      deeds.all == ["undrain eu", #"retry eustorage ["parked", "source_lost"]"#, "verify usstorage content by admin"])
  }

  @Test("do nothing for other sites, without a session, or without the token of that session and action")
  func forgeries() async throws {
    let cookie = try await cookie()
    let token = try await token(.undrain, "eu", cookie)
    let form = "token=\(token)&region=eu"
    let other = try await self.cookie()
    let attempts: [(String, [(String, String)], String)] = [
      ("no session", [own, type], form), ("no origin", [cookie, type], form),
      ("another site", [cookie, ("Sec-Fetch-Site", "cross-site"), type], form),
      ("another origin", [cookie, ("Origin", "https://evil.example"), type], form),
      ("another session", [other, own, type], form), ("no token", [cookie, own, type], "region=eu"),
      ("another token", [cookie, own, type], "token=\(String(token.reversed()))&region=eu"),
      ("a made-up cookie", [("Cookie", "meridian_session=1.9999999999.a.b.c"), own, type], form),
    ]
    for (name, fields, form) in attempts {
      #expect(await ask(.post, "/page/undrain", fields, form: form)?.status == .forbidden, "\(name)")
    }
    // The token of one action is none for another, and a form is no JSON.
    #expect(await ask(.post, "/page/drain", [cookie, own, type], form: form)?.status == .forbidden)
    #expect(
      await ask(.post, "/page/undrain", [cookie, own, ("Content-Type", "text/plain")], form: form)?.status
        == .unsupportedMediaType)
    #expect(await ask(.get, "/page/undrain", query: ["region": "eu"])?.status == .forbidden)
    #expect(await ask(.get, "/page/drain", query: ["region": "nowhere"], [cookie])?.status == .notFound)
    #expect(await ask(.delete, "/page/drain", [cookie])?.status == .methodNotAllowed)
    #expect(deeds.all == [])
  }

  @Test("show what is wrong with a form, with what was filled in, as text")
  func mistakes() async throws {
    let cookie = try await cookie()
    let token = try await token(.drain, "eu", cookie)
    let bad = "token=\(token)&region=eu&direction=read&duration=1h&reason=%22%3E%3Cscript%3E"
    let answer = try #require(await ask(.post, "/page/drain", [cookie, own, type], form: bad))
    // No region of this world serves, so the drain has to be confirmed.
    #expect(answer.status == .unprocessableContent && text(answer).contains("Confirm that the region is drained"))
    #expect(text(answer).contains("value=\"&quot;&gt;&lt;script&gt;\"") && text(answer).contains("role=\"alert\""))
    let empty = "token=\(token)&region=eu&direction=up&duration=7y&confirmed=yes"
    let second = text(await ask(.post, "/page/drain", [cookie, own, type], form: empty))
    for sentence in ["Say why", "Choose what to keep away", "Choose how long"] { #expect(second.contains(sentence)) }
    #expect(deeds.all == [])
  }

  @Test("say that the database did not answer, and nothing of its inside")
  func outage() async throws {
    let cookie = try await cookie()
    let token = try await token(.undrain, "eu", cookie)
    deeds.fails.withLock { $0 = true }
    let answer = try #require(
      await ask(.post, "/page/undrain", [cookie, own, type], form: "token=\(token)&region=eu"))
    #expect(answer.status == .serviceUnavailable && text(answer).contains("the database did not answer"))
    #expect(!text(answer).contains("secret host"))
  }

  @Test("tell reasons to this host where that is asked for, and to nobody else without a login")
  func details() async {
    #expect(!text(await ask(.get, "/")).contains("503 to PUT"))
    let local = text(await ask(.get, "/", isLocal: true))
    #expect(local.contains("503 to PUT") && !local.contains("/page/drain"))
  }

  @Test("load again by themselves only where that is asked for")
  func refresh() async {
    #expect(!text(await ask(.get, "/")).contains("http-equiv"))
    #expect(text(await ask(.get, "/", query: ["refresh": "1"])).contains(#"content="5""#))
    #expect(!text(await ask(.get, "/", query: ["refresh": "x\"><script>"])).contains("http-equiv"))
  }
}
