import Testing

@testable import SharedStorage

@Suite("The XML reader for S3's answers")
struct XMLReaderTests {
  private func parse(_ text: String) throws(XMLFailure) -> XMLElement { try XMLReader.parse(Array(text.utf8)) }

  @Test func anAnswerOfS3() throws {
    let root = try parse(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      \u{20}\u{20}
      <s3:InitiateMultipartUploadResult xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" a='&gt;'>
        <Bucket>b</Bucket><Key>a&amp;b&#x20AC;&#65;&quot;</Key><Empty/><UploadId>2~x</UploadId>
      </s3:InitiateMultipartUploadResult>

      """)
    #expect(root.name == "InitiateMultipartUploadResult")
    #expect(root["UploadId"] == "2~x")
    #expect(root["Key"] == "a&b€A\"")
    #expect(root["Empty"] == "")
    #expect(root["Missing"] == nil)
    #expect(root.children.count == 4)
  }

  @Test(arguments: [
    "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a><!-- c --></a>", "<a><![CDATA[x]]></a>", "<a>&x;</a>",
    "<a><?php ?></a>",
  ])
  func whatS3NeverSendsIsForbidden(_ text: String) {
    #expect(throws: XMLFailure.forbidden) { try parse(text) }
  }

  @Test(arguments: [
    "", "   ", "<a", "<a>", "<a>x", "<a><b></b>", "<a b", "<a b=\"", "<?xml version=\"1.0\"", "<a></", "<a/", "<",
  ])
  func truncationShows(_ text: String) {
    #expect(throws: XMLFailure.truncated) { try parse(text) }
  }

  @Test(arguments: [
    "x<a/>", "<a></b>", "<a/><b/>", "<a/>x", "<a b></a>", "<a b=c/>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#+65;</a>",
    "<a>&#x+41;</a>",
    "<a>&toolongtobeone",
    "<a>&</a>", "</a>", "<1/>x", "< a/>", "<a b=\"<\"/>", "<html><body>502</html>",
  ])
  func malformedShows(_ text: String) {
    #expect(throws: XMLFailure.self) { try parse(text) }
  }

  @Test func limitsHold() {
    #expect(throws: XMLFailure.tooLarge) { try parse(String(repeating: "<a>", count: 17)) }
    #expect(throws: XMLFailure.tooLarge) { try XMLReader.parse([UInt8](repeating: 0x20, count: (1 << 20) + 1)) }
    #expect(throws: XMLFailure.tooLarge) { try parse("<a>" + String(repeating: "<b/>", count: 50_001) + "</a>") }
    #expect(throws: XMLFailure.notUTF8) { try XMLReader.parse([0x3c, 0x61, 0x3e, 0xff]) }
  }

  @Test func noPrefixOfADocumentIsTakenForIt() {
    let bytes = Array("<?xml version=\"1.0\"?><R a=\"b\"><E>t&amp;</E><F/></R>".utf8)
    for length in 0..<bytes.count {
      #expect(throws: XMLFailure.self) { try XMLReader.parse(Array(bytes[..<length])) }
    }
  }

  @Test func noMutationTraps() {
    let bytes = Array("<?xml version=\"1.0\"?><R a=\"b\"><E>t&amp;&#65;</E><F/></R>".utf8)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        mutated[Int.random(in: 0..<mutated.count, using: &generator)] = "<>/&;\"'=?!x\u{0}".utf8.randomElement() ?? 0
      }
      // Either outcome is right; only a trap is not.
      _ = try? XMLReader.parse(mutated)
    }
  }
}
