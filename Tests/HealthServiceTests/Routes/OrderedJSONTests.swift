import Foundation
import Testing

@testable import HealthService

@Suite("JSON keeps the order given and escapes what it must")
struct OrderedJSONTests {
  private func text(_ value: OrderedJSON) -> String { String(decoding: value.bytes, as: UTF8.self) }

  @Test func orderAndAbsentMembers() {
    let value = OrderedJSON.members([
      "z": .integer(-3), "a": .bool(true), "gone": nil, "n": .null, "list": .list([.text("x"), .object([])]),
    ])
    #expect(text(value) == #"{"z":-3,"a":true,"n":null,"list":["x",{}]}"# + "\n")
  }

  @Test(arguments: [
    "", "plain", "a \"b\" \\ c", "line\nbreak\r\ttab", "\u{0}\u{1}\u{1f}\u{7f}", "ü 日本 🙂", "</script>",
  ])
  func textsComeBack(_ original: String) throws {
    let decoded = try JSONDecoder().decode([String].self, from: Data(OrderedJSON.list([.text(original)]).bytes))
    #expect(decoded == [original])
  }

  @Test func datesAreThoseOfTheStandard() {
    // The example of RFC 9110 section 5.6.7.
    #expect(HTTPDate.text(ms: 784_111_777_000) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.timestamp(ms: 784_111_777_000) == "1994-11-06T08:49:37Z")
  }
}
