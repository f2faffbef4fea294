import SharedModel
import Yams

/// Reads the one document of a YAML file into `ConfigurationValue`, refusing what makes YAML surprising.
///
/// Refused, each with its line: anchors, aliases, merge keys, explicit tags, duplicate keys, keys that are no plain text,
/// several documents, nesting deeper than 16, files larger than 1 MiB or not UTF-8 (security rule 27).
enum YAMLReader {
  /// The largest file, in bytes.
  static let maximumBytes = 1 << 20
  /// The deepest nesting of maps and lists.
  static let maximumDepth = 16

  /// Reads a whole file; an empty one is an empty map.
  static func read(_ bytes: [UInt8]) throws(ConfigurationError) -> ConfigurationValue {
    guard bytes.count <= maximumBytes else {
      throw .invalidYAML(line: nil, reason: "the file is larger than \(maximumBytes) bytes")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidYAML(line: nil, reason: "the file is not UTF-8")
    }
    if let line = YAMLAliasScan.lineOfAlias(in: text) {
      throw .invalidYAML(line: line, reason: "YAML aliases are not accepted; write the value out")
    }
    let parser: Parser
    let root: Node?
    do {
      parser = try Parser(yaml: text, encoding: .utf8)
      root = try parser.singleRoot()
    } catch let error as YamlError {
      throw translate(error)
    } catch {
      throw .invalidYAML(line: nil, reason: "\(Excerpt(String(describing: error)))")
    }
    guard let root else { return ConfigurationValue(content: .map([]), origin: .line(1)) }
    // Nodes refer to their anchors weakly; the parser owns them.
    let result = withExtendedLifetime(parser) { convertResult(root) }
    return try result.get()
  }

  private static func convertResult(_ root: Node) -> Result<ConfigurationValue, ConfigurationError> {
    do throws(ConfigurationError) {
      return .success(try convert(root, depth: 1))
    } catch {
      return .failure(error)
    }
  }

  private static func convert(_ node: Node, depth: Int) throws(ConfigurationError) -> ConfigurationValue {
    let line = node.mark?.line
    let origin = line.map(ConfigurationValue.Origin.line) ?? .unknown
    guard node.anchor == nil else {
      throw .invalidYAML(line: line, reason: "YAML anchors are not accepted; write the value out where it is needed")
    }
    guard depth <= maximumDepth else {
      throw .invalidYAML(line: line, reason: "nested deeper than \(maximumDepth) levels")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain
      try refuseTag(scalar.tag, impliedByQuotes: !isPlain, line: line)
      return ConfigurationValue(content: .scalar(scalar.string, isPlain: isPlain), origin: origin)
    case .sequence(let sequence):
      try refuseTag(sequence.tag, impliedByQuotes: false, line: line)
      var elements: [ConfigurationValue] = []
      for element in sequence { elements.append(try convert(element, depth: depth + 1)) }
      return ConfigurationValue(content: .list(elements), origin: origin)
    case .mapping(let mapping):
      try refuseTag(mapping.tag, impliedByQuotes: false, line: line)
      return ConfigurationValue(content: .map(try entries(of: mapping, depth: depth)), origin: origin)
    case .alias(let alias):
      throw .invalidYAML(line: alias.mark?.line ?? line, reason: "YAML aliases are not accepted; write the value out")
    }
  }

  private static func entries(
    of mapping: Node.Mapping, depth: Int
  ) throws(ConfigurationError) -> [ConfigurationValue.Entry] {
    var entries: [ConfigurationValue.Entry] = []
    var seen: [String: Int] = [:]
    for (key, value) in mapping {
      let line = key.mark?.line
      guard case .scalar(let scalar) = key, !scalar.string.isEmpty else {
        throw .invalidYAML(line: line, reason: "a key must be a single word")
      }
      guard scalar.string != "<<" else { throw .invalidYAML(line: line, reason: "YAML merge keys are not accepted") }
      guard key.anchor == nil else { throw .invalidYAML(line: line, reason: "YAML anchors are not accepted") }
      if let first = seen.updateValue(line ?? 0, forKey: scalar.string) {
        throw .invalidYAML(
          line: line, reason: "the key \(Excerpt(scalar.string)) is already on line \(first)")
      }
      let origin = line.map(ConfigurationValue.Origin.line) ?? .unknown
      entries.append(.init(key: scalar.string, value: try convert(value, depth: depth + 1), origin: origin))
    }
    return entries
  }

  /// An explicit tag (`!!str`, `!python/object`) would change what a value means.
  private static func refuseTag(_ tag: Tag, impliedByQuotes: Bool, line: Int?) throws(ConfigurationError) {
    let name = tag.description
    guard name.isEmpty || (impliedByQuotes && (name == "!" || name == "tag:yaml.org,2002:str")) else {
      throw .invalidYAML(line: line, reason: "YAML tags are not accepted; remove '\(Excerpt(name))'")
    }
  }

  /// The problem and its line, without Yams' snippet of the file, which might show a secret.
  private static func translate(_ error: YamlError) -> ConfigurationError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return .invalidYAML(line: mark.line, reason: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { Excerpt($0).description }.joined(separator: ", ")
      return .invalidYAML(line: context.mark.line, reason: "the key \(names) appears more than once in one map")
    case .reader(let problem, _, _, _): return .invalidYAML(line: nil, reason: problem)
    default: return .invalidYAML(line: nil, reason: "the file cannot be read as YAML")
    }
  }
}
