import Foundation

extension Encodable {
  /// The value as one line of JSON, the members in the order of their names.
  func jsonText(_ formatting: JSONEncoder.OutputFormatting = []) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union(.sortedKeys)
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
