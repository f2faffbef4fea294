import SharedModel

/// Finds aliases in the text of a YAML file before it is composed, so that no expansion of them is ever computed.
///
/// Composing compares keys, and a key that is an alias of aliases costs exponential time. A real alias `*name` needs an
/// anchor `&name`, and both stand after a blank, a line start or an indicator; text where both occur is refused. An
/// anchor without an alias is found after composing.
enum YAMLAliasScan {
  /// The line of the first alias whose anchor is in the text, nil where there is none.
  static func lineOfAlias(in text: String) -> Int? {
    var anchors: Set<String> = []
    var aliases: [(name: String, line: Int)] = []
    var line = 1
    var previous = UInt8(ascii: "\n")
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\n") { line += 1 }
      if byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*"), mayPrecede(previous) {
        let name = String(decoding: rest.prefix(while: isNameByte), as: UTF8.self)
        if !name.isEmpty {
          if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases.append((name, line)) }
        }
      }
      previous = byte
    }
    return aliases.first { anchors.contains($0.name) }?.line
  }

  /// Anything but a letter, a digit or an underscore: YAML also breaks lines at NEL, LS and PS and skips a byte order mark
  /// at the beginning of a line, whose last bytes stand here then. Text is refused only beside an anchor of its name.
  private static func mayPrecede(_ byte: UInt8) -> Bool { !byte.isWord }

  private static func isNameByte(_ byte: UInt8) -> Bool { byte.isWord || byte == UInt8(ascii: "-") }
}
