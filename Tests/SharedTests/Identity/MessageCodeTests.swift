import Shared
import Testing

@testable import SharedIdentity

@Suite("Message codes")
struct MessageCodeTests {
  @Test("are HMAC-SHA-256: the examples of RFC 4231")
  func examples() {
    #expect(
      MessageCode(key: Array(repeating: 0x0b, count: 20)).code(of: "Hi There")
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      MessageCode(key: Array("Jefe".utf8)).code(of: "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      MessageCode(key: Array(repeating: 0xaa, count: 131))
        .code(of: "Test Using Larger Than Block-Size Key - Hash Key First")
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test("say nothing for another purpose, another secret or another text")
  func apart() {
    let code = MessageCode(secret: Secret("a secret"), purpose: "page session")
    let text = code.code(of: "x")
    #expect(code.accepts(text, of: "x"))
    #expect(!code.accepts(text, of: "y") && !code.accepts(text.uppercased(), of: "x") && !code.accepts("", of: "x"))
    #expect(!MessageCode(secret: Secret("a secret"), purpose: "other").accepts(text, of: "x"))
    #expect(!MessageCode(secret: Secret("b secret"), purpose: "page session").accepts(text, of: "x"))
  }
}
