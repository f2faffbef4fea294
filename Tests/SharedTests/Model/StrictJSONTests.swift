import Shared
import Testing

@Suite("Strict JSON")
struct StrictJSONTests {
  @Test func valuesAreKeptAsWritten() throws {
    let value = try StrictJSON.parse(#" {"a":[1,-0.50e+3,true,false,null,"é\n\u0041\ud83d\ude00\/"],"b":{}} "#)
    let expected = JSONValue.object(
      JSONObject(members: [
        .init(
          name: "a",
          value: .array([
            .number(.init(text: "1")), .number(.init(text: "-0.50e+3")), .bool(true), .bool(false), .null,
            .string("é\nA😀/"),
          ])),
        .init(name: "b", value: .object(JSONObject(members: []))),
      ]))
    #expect(value == expected)
  }

  @Test func integersAreExact() throws {
    func integer(_ text: String) throws -> Int64? {
      guard case .number(let number) = try StrictJSON.parse(text) else { return nil }
      return number.int64
    }
    #expect(try integer("9223372036854775807") == Int64.max)
    #expect(try integer("-9223372036854775808") == Int64.min)
    #expect(try integer("9223372036854775808") == nil)
    #expect(try integer("1.0") == nil)
    #expect(try integer("1e2") == nil)
  }

  @Test(arguments: [
    ("", "too early"), ("  ", "too early"), ("nul", "a value"), ("nulll", "after the end"), ("NaN", "a value"),
    ("Infinity", "a value"), ("01", "leading zero"), ("-", "digit"), ("1.", "digit"), (".5", "a value"),
    ("1e", "digit"),
    ("+1", "a value"), ("\"", "inside a string"), ("\"\\", "inside a string"), ("\"\\x\"", "escape"),
    ("\"\\u12\"", "four hex"), ("\"\\ud800\"", "surrogate"), ("\"\\ud800\\u0041\"", "surrogate"),
    ("\"\\udc00\"", "surrogate"), ("\"\t\"", "control"), ("[1,]", "a value"), ("[1 2]", "comma"), ("[", "too early"),
    ("{\"a\"}", "colon"), ("{\"a\":1,}", "member name"), ("{a:1}", "member name"), ("{\"a\":1", "comma"),
    ("{\"a\":1,\"a\":2}", "twice"), ("{\"a\":{\"b\":1,\"\\u0062\":2}}", "twice"), ("1 1", "after the end"),
    ("\u{feff}1", "byte order mark"), ("'a'", "a value"), ("[1]//", "after the end"), ("{,}", "member name"),
  ])
  func everythingElseIsRefused(_ text: String, _ reason: String) {
    do throws(ModelError) {
      _ = try StrictJSON.parse(text)
      Issue.record("\(text) was accepted")
    } catch {
      #expect(error.description.contains(reason), "\(text): \(error)")
    }
  }

  @Test func invalidUTF8IsRefused() {
    for bytes in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]] {
      #expect(throws: ModelError.self) { try StrictJSON.parse([0x22] + bytes + [0x22]) }
    }
  }

  @Test func namesAreComparedByBytes() throws {
    // Precomposed and decomposed é are different names to every other reader.
    guard case .object(let object) = try StrictJSON.parse("{\"\u{e9}\":1,\"e\u{301}\":2}") else {
      Issue.record("no object")
      return
    }
    #expect(object.members.count == 2)
    #expect(object[name: "\u{e9}"] == .number(.init(text: "1")))
    #expect(object[name: "e\u{301}"] == .number(.init(text: "2")))
  }

  @Test func limitsHold() throws {
    let depth = 32
    let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    _ = try StrictJSON.parse(nested)
    #expect(throws: ModelError.invalidJSON(reason: "nested deeper than 32 levels", offset: 32)) {
      try StrictJSON.parse("[\(nested)]")
    }
    let many = "[" + Array(repeating: "0", count: 10).joined(separator: ",") + "]"
    _ = try StrictJSON.parse(many, limits: .init(maximumValues: 11))
    #expect(throws: ModelError.self) { try StrictJSON.parse(many, limits: .init(maximumValues: 10)) }
    #expect(throws: ModelError.self) { try StrictJSON.parse("[ ]", limits: .init(maximumBytes: 2)) }
    #expect(throws: ModelError.self) { try StrictJSON.parse(String(repeating: "1", count: 257)) }
    // A hostile depth must cost neither stack nor time.
    #expect(throws: ModelError.self) { try StrictJSON.parse(String(repeating: "[", count: 1_000_000)) }
  }

  @Test func theOffsetPointsAtTheFault() {
    #expect(throws: ModelError.invalidJSON(reason: "a value was expected", offset: 5)) {
      try StrictJSON.parse("[1,2,x]")
    }
  }
}
