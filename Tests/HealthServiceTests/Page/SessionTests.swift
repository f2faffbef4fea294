import HTTPTypes
import Shared
import Testing

@testable import HealthService

@Suite("Sessions of the page")
struct SessionTests {
  private let signer = SessionSigner(secretKey: Secret("0123456789abcdef"), password: Secret("a good password"))
  private let session = PageSession(user: "admin", nonce: RandomIdentifier().hex, expiresAt: 10_000)

  @Test("are good at every health service that has the same secrets, until they end")
  func roundTrip() {
    let cookie = signer.cookie(for: session)
    let other = SessionSigner(secretKey: Secret("0123456789abcdef"), password: Secret("a good password"))
    #expect(other.session(from: cookie, now: 9_999) == session)
    #expect(other.session(from: cookie, now: 10_000) == nil)
    // No clock makes a session that lives for days.
    #expect(other.session(from: cookie, now: 0) == nil)
    for (key, password) in [("0123456789abcdee", "a good password"), ("0123456789abcdef", "another password")] {
      let stranger = SessionSigner(secretKey: Secret(key), password: Secret(password))
      #expect(stranger.session(from: cookie, now: 9_999) == nil)
    }
  }

  @Test("are refused with any byte changed, and for anything made up")
  func tampering() {
    let cookie = Array(signer.cookie(for: session).utf8)
    for index in cookie.indices {
      var changed = cookie
      changed[index] ^= 1
      #expect(signer.session(from: String(decoding: changed, as: UTF8.self), now: 9_999) == nil, "\(index)")
    }
    for text in ["", ".", "....", "1.10000.x.y.z", String(repeating: "a", count: 100_000)] {
      #expect(signer.session(from: text, now: 0) == nil)
    }
    // What was signed for another purpose is no session.
    let form = signer.token(for: "drain", in: session)
    #expect(signer.session(from: "1.10000.\(session.nonce).61646d696e.\(form)", now: 9_999) == nil)
  }

  @Test("have tokens that are good for one action and one login")
  func tokens() {
    let token = signer.token(for: "drain", in: session)
    #expect(signer.accepts(token, for: "drain", in: session))
    #expect(!signer.accepts(token, for: "retry", in: session) && !signer.accepts("", for: "drain", in: session))
    let later = PageSession(user: "admin", nonce: RandomIdentifier().hex, expiresAt: 10_000)
    #expect(!signer.accepts(token, for: "drain", in: later))
  }

  @Test("carry a note that nobody else can write")
  func notes() {
    let note = signer.note("Region us is drained. „Grüße“")
    #expect(signer.text(fromNote: note) == "Region us is drained. „Grüße“")
    #expect(signer.text(fromNote: note + "0") == nil && signer.text(fromNote: "61.62") == nil)
  }

  @Test("logins win tries back with time, and wrong ones of one address do not keep another out")
  func throttle() {
    let start = ContinuousClock.now
    let throttle = LoginThrottle(now: start)
    for _ in 0..<5 {
      #expect(throttle.admits("a", now: start))
      throttle.failed("a", now: start)
    }
    #expect(!throttle.admits("a", now: start) && throttle.admits("b", now: start))
    #expect(!throttle.admits("a", now: start + .seconds(4)) && throttle.admits("a", now: start + .seconds(6)))
    // All addresses together have a measure as well, and no number of them takes memory without end.
    for index in 0..<5000 { throttle.failed("x\(index)", now: start + .seconds(6)) }
    #expect(!throttle.admits("fresh", now: start + .seconds(6)))
    #expect(throttle.admits("fresh", now: start + .seconds(7)))
  }

  @Test("forms come from the page itself, as the browser says")
  func origin() {
    func isOwn(_ fields: [(String, String)], host: String? = "status.example:8082") -> Bool {
      var all = HTTPFields()
      for (name, value) in fields { HTTPField.Name(name).map { all[$0] = value } }
      return RequestOrigin.isOwn(all, host: host)
    }
    #expect(isOwn([("Sec-Fetch-Site", "same-origin")]))
    #expect(isOwn([("Origin", "https://status.example:8082")]) && isOwn([("Origin", "http://status.example:8082")]))
    for site in ["cross-site", "same-site", "none", ""] { #expect(!isOwn([("Sec-Fetch-Site", site)])) }
    for origin in [
      "null", "https://evil.example", "https://status.example", "https://status.example:8082.evil.example",
    ] {
      #expect(!isOwn([("Origin", origin)]), "\(origin)")
    }
    #expect(!isOwn([("Sec-Fetch-Site", "cross-site"), ("Origin", "https://status.example:8082")]))
    #expect(!isOwn([]) && !isOwn([("Origin", "https://")], host: "") && !isOwn([("Origin", "https://x")], host: nil))
  }

  @Test("fields of forms are decoded once, and only well-formed ones")
  func fields() {
    let form = FormFields(Array("a=1+2%26&b=%C3%BC&c=&d=++x++&e".utf8))
    #expect(form?["a"] == "1 2&" && form?["b"] == "ü" && form?["c"] == nil && form?["d"] == "x" && form?["f"] == nil)
    for text in ["a=1&a=2", "a=%", "a=%4", "a=%zz", "a=%ff", "a=%00"] {
      #expect(FormFields(Array(text.utf8)) == nil, "\(text)")
    }
    #expect(FormFields(Array(repeating: UInt8(ascii: "a"), count: FormFields.maximumBytes + 1)) == nil)
    #expect(FormFields(Array((0..<40).map { "f\($0)=1" }.joined(separator: "&").utf8)) == nil)
  }
}
