import Foundation

/// A text file of the repository, named by its path from the root.
struct SourceFile: Sendable {
  let path: String
  let text: String

  /// The lines in order, without their ends.
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The modules imported, whatever the access level or attributes in front.
  var imports: [String] {
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), words[..<at].allSatisfy(Self.mayPrecedeImport) else { return nil }
      let rest = words[(at + 1)...].filter {
        !["struct", "class", "enum", "func", "protocol", "let", "var"].contains($0)
      }
      return rest.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
    }
  }

  private static func mayPrecedeImport(_ word: Substring) -> Bool {
    word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
  }
}

/// The files of the checkout this test was built from.
enum SourceTree {
  /// The repository's root, found from this file's own path.
  static var root: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  /// All files below `folder` whose name ends in `suffix`, sorted by path.
  static func files(below folder: String, suffix: String) throws -> [SourceFile] {
    let base = root.appending(path: folder)
    guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
    var found: [SourceFile] = []
    for case let name as String in walk where name.hasSuffix(suffix) {
      let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
      found.append(SourceFile(path: "\(folder)/\(name)", text: text))
    }
    return found.sorted { $0.path < $1.path }
  }

  /// One file by its path from the root.
  static func file(_ path: String) throws -> SourceFile {
    SourceFile(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
  }
}
