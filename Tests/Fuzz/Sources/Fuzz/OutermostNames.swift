/// The member names of the outermost object of valid JSON, found without parsing it.
enum OutermostNames {
  /// Every string at depth one that a colon follows, with ASCII escapes undone.
  static func scan(_ bytes: [UInt8]) -> [String] {
    var names: [String] = []
    var depth = 0
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        let text = takeString(&rest)
        let next = rest.first { $0 > 0x20 }
        if depth == 1, next == UInt8(ascii: ":") { names.append(text) }
      default: break
      }
    }
    return names
  }

  private static func takeString(_ rest: inout ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
      guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
        text.append(byte)
        continue
      }
      guard kind == UInt8(ascii: "u") else {
        text.append(kind)
        continue
      }
      let digits = String(decoding: rest.prefix(4), as: UTF8.self)
      rest = rest.dropFirst(4)
      if let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) {
        text += Array(String(scalar).utf8)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
