import SharedModel

/// Annotations as the JSON text a row keeps for the list of referrers: keys in bytewise order, so equal is equal.
enum AnnotationText {
  /// The annotations a row keeps; throws `invalidRow` for a text that `encode` cannot have made.
  static func decode(_ text: String) throws(CatalogError) -> [String: String] {
    if text == "{}" { return [:] }
    let value: JSONValue
    do {
      value = try StrictJSON.parse(text)
    } catch {
      throw .invalidRow(detail: "annotations: \(error)")
    }
    guard case .object(let object) = value else { throw .invalidRow(detail: "annotations are no object") }
    var annotations: [String: String] = [:]
    for member in object.members {
      guard case .string(let text) = member.value else { throw .invalidRow(detail: "an annotation is no string") }
      annotations[member.name] = text
    }
    return annotations
  }

  /// The JSON object of `annotations`.
  static func encode(_ annotations: [String: String]) -> String {
    let members = annotations.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\(quoted($0.key)):\(quoted($0.value))" }
    return "{\(members.joined(separator: ","))}"
  }

  /// A JSON string; control characters are escaped, NUL too, which no text column takes as it is (RFC 8259, 7).
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
