import Shared
import Testing

@testable import SharedConfig

@Suite("YAML without surprises")
struct YAMLReaderTests {
  private func refusal(_ yaml: String) -> String? {
    do throws(ConfigurationError) {
      _ = try YAMLReader.read(Array(yaml.utf8))
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("a: 1\nb: 2\na: 3\n", "appears more than once"), ("x:\n  a: {k: 1, k: 2}\n", "appears more than once"),
    ("a: &anchor 1\n", "anchors"), ("a: &x 1\nb: *x\n", "aliases"), ("a: &x {b: 1}\nc:\n  <<: *x\n", "aliases"),
    ("a:\n  <<: {b: 1}\n", "merge keys"), ("a: !!str 1\n", "tags"), ("a: !!python/object:os.system x\n", "tags"),
    ("a: !x [1]\n", "tags"), ("a: !x {b: 1}\n", "tags"), ("? [a, b]\n: 1\n", "single word"),
    ("? {a: b}\n: 1\n", "single word"),
    ("a: 1\n---\nb: 2\n", "another document"), ("a: [1\n", "expected"), ("a: \"x\n", "end of stream"),
    ("\ta: 1\n", "token"),
    ("a: 1\n b: 2\n", ""), ("a: *nowhere\n", "undefined alias"), ("\"\": 1\n", "single word"),
    ("a: \u{1}\n", "control characters"),
  ])
  func surprisesAreRefused(_ yaml: String, _ reason: String) throws {
    let line = try #require(refusal(yaml), "\(yaml) was accepted")
    #expect(line.contains(reason), "\(line)")
    #expect(!line.contains("\n"))
  }

  @Test func refusalsNameTheLine() {
    #expect(refusal("a: 1\nb:\n  c: &x 2\n")?.hasPrefix("line 3: ") == true)
    #expect(refusal("a: 1\nb: 2\nc: &x 1\nd: [*x]\n")?.hasPrefix("line 4: ") == true)
    #expect(refusal("a: 1\nb: [\n")?.hasPrefix("line ") == true)
    #expect(refusal("a: 1\nb: 2\nb: 2\n")?.hasPrefix("line 2: ") == true)
  }

  @Test func aMillionLaughsEndAtOnce() {
    var yaml = "a0: &a0 [lol]\n"
    for level in 1...9 {
      let references = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
      yaml += "a\(level): &a\(level) [\(references)]\n"
    }
    #expect(refusal(yaml)?.contains("aliases") == true)
    #expect(refusal(yaml + "? *a9\n: x\n")?.contains("aliases") == true)
    // Line breaks and a byte order mark that only YAML knows do not hide an alias.
    for hidden in ["\u{85}", "\u{2028}", "\u{2029}", "\n\u{FEFF}"] {
      #expect(refusal("a: &x 1\nb:\(hidden)*x\n")?.contains("aliases") == true)
    }
  }

  @Test func textThatLooksLikeAliasesIsText() throws {
    let value = try YAMLReader.read(Array("a: \"x *b y\"\nb: 'p&b'\nc: 2*b\n".utf8))
    guard case .map(let entries) = value.content else {
      Issue.record("no map")
      return
    }
    #expect(
      entries.map(\.value.content) == [
        .scalar("x *b y", isPlain: false), .scalar("p&b", isPlain: false), .scalar("2*b", isPlain: true),
      ])
  }

  @Test func depthAndSizeAreBounded() {
    #expect(refusal("a: " + String(repeating: "[", count: 15) + String(repeating: "]", count: 15)) == nil)
    #expect(
      refusal("a: " + String(repeating: "[", count: 16) + String(repeating: "]", count: 16))?.contains("deeper than 16")
        == true)
    #expect(refusal("a: " + String(repeating: "[", count: 100_000)) != nil)
    #expect(refusal("#" + String(repeating: "x", count: 1 << 20))?.contains("larger than") == true)
  }

  @Test func invalidUTF8IsRefused() {
    #expect(throws: ConfigurationError.invalidYAML(line: nil, reason: "the file is not UTF-8")) {
      try YAMLReader.read([0x61, 0x3a, 0x20, 0xff])
    }
  }

  @Test func anEmptyFileIsAnEmptyMap() throws {
    for yaml in ["", "# only a comment\n", "---\n"] {
      let value = try YAMLReader.read(Array(yaml.utf8))
      #expect(value.isNull || value.content == .map([]), "\(yaml)")
    }
  }

  @Test func bareWordsKeepTheirCharacters() throws {
    let section = try ConfigurationSection(
      try YAMLReader.read(Array("a: 0123\nb: 1e3\nc: yes\nd: 0o777\ne: ~\nf: ''\ng: 2001-01-01\n".utf8)), path: "")
    #expect(try section.text("a") == "0123" && section.text("b") == "1e3" && section.text("c") == "yes")
    #expect(try section.text("d") == "0o777" && section.text("g") == "2001-01-01")
    #expect(try section.text("e") == nil && section.text("f") == "")
  }

  @Test func distances() {
    func distance(_ left: String, _ right: String) -> Int {
      NearestName.editDistance(Array(left.utf8), Array(right.utf8))
    }
    #expect(distance("", "abc") == 3 && distance("abc", "") == 3 && distance("abc", "abc") == 0)
    #expect(distance("abc", "abd") == 1 && distance("ab", "ba") == 1 && distance("kitten", "sitting") == 3)
    #expect(NearestName.of("DB_URL", among: ["DB_URI", "DEBUG"]) == "DB_URI")
    #expect(NearestName.of("ZZZZZZZZ", among: ["DB_URI", "DEBUG"]) == nil)
  }

  @Test func sizes() {
    #expect(SizeText.bytes("1K") == 1024 && SizeText.bytes("20G") == 20 << 30 && SizeText.bytes("5T") == 5 << 40)
    for text in ["", "G", "1", "1g", "6T", "1.5G", "+1G", "1GB", " 1G", "9223372036854775807G"] {
      #expect(SizeText.bytes(text) == nil)
    }
    #expect(
      SizeText.text(20 << 30) == "20 GiB" && SizeText.text(1500) == "1500 bytes" && SizeText.text(4 << 20) == "4 MiB")
  }
}
