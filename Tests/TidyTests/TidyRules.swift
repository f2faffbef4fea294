import Foundation

/// One broken rule: where, and what to do about it.
struct Violation: Sendable, Hashable, CustomStringConvertible {
  let path: String
  let message: String
  var description: String { "\(path): \(message)" }
}

/// The rules of the house that neither the compiler nor swift-format checks, each a pure function over a file's text.
enum TidyRules {
  /// The most lines a source file may have.
  static let maximumLines = 400

  /// An area imports only the areas its row allows, and drivers only from the files licensed to.
  static func sharedImports(_ file: SourceFile, table: DependencyTable) -> [Violation] {
    let parts = file.path.split(separator: "/")
    guard parts.count >= 4, parts[0] == "Sources", parts[1] == "Shared" else { return [] }
    let area = String(parts[2])
    guard let allowed = table.allowed[area] else {
      return [Violation(path: file.path, message: "area \(area) has no row in Sources/Shared/README.md")]
    }
    return file.imports.compactMap { module in
      if module.hasPrefix("Shared"), module != "Shared\(area)", !allowed.contains(String(module.dropFirst(6))) {
        return Violation(path: file.path, message: "\(area) may not use \(module.dropFirst(6))")
      }
      if let patterns = table.drivers[module], !licensed(file, patterns: patterns, parts: parts) {
        return Violation(path: file.path, message: "\(module) may not be imported here")
      }
      return nil
    }
  }

  private static func licensed(_ file: SourceFile, patterns: [String], parts: [Substring]) -> Bool {
    let name = parts.last.map(String.init) ?? ""
    return patterns.contains { pattern in
      // A folder of Shared, or with a star any folder below it.
      if pattern.hasSuffix("/") {
        let folders = pattern.split(separator: "/")
        return parts.count > folders.count + 2 && parts[2] == folders[0]
      }
      return pattern.contains("*") ? name.hasPrefix(pattern.prefix { $0 != "*" }) : name == pattern
    }
  }

  /// A driver knows its C library and the system, nothing of Meridian.
  static func driverImports(_ file: SourceFile) -> [Violation] {
    let drivers = ["Postgres": "CLibPQ", "Redis": "CHiredis", "HTTPTransport": "CLibCurl"]
    let parts = file.path.split(separator: "/")
    guard parts.count >= 3, parts[0] == "Sources", let library = drivers[String(parts[1])] else { return [] }
    let system: Set = ["Glibc", "Foundation", "FoundationEssentials", "Synchronization", "Dispatch", library]
    return file.imports.filter { !system.contains($0) }.map {
      Violation(path: file.path, message: "a driver may not import \($0)")
    }
  }

  /// An executable imports the shared library as a whole and never another executable, a driver or a C library.
  static func executableImports(_ file: SourceFile) -> [Violation] {
    let executables: Set = ["RegistryAPI", "ReplicationWorker", "HealthService"]
    let parts = file.path.split(separator: "/")
    guard parts.count >= 3, parts[0] == "Sources", executables.contains(String(parts[1])) else { return [] }
    let forbidden = executables.union([
      "Postgres", "Redis", "HTTPTransport", "CLibPQ", "CHiredis", "CLibCurl", "CLibCrypto",
    ])
    return file.imports.filter { forbidden.contains($0) }.map {
      Violation(path: file.path, message: "an executable may not import \($0)")
    }
  }

  /// A source file is about one idea, so it is not long.
  static func length(_ file: SourceFile) -> [Violation] {
    let count = file.lines.count
    guard count > maximumLines else { return [] }
    return [Violation(path: file.path, message: "\(count) lines, more than \(maximumLines): more than one idea?")]
  }

  /// Nothing unfinished, trapping or printed; unchecked sendability and dropped errors carry their reason in a comment.
  static func words(_ file: SourceFile) -> [Violation] {
    var found: [Violation] = []
    let lines = file.lines
    for (index, line) in lines.enumerated() {
      func report(_ message: String) {
        found.append(Violation(path: "\(file.path):\(index + 1)", message: message))
      }
      for word in unfinished where line.contains(word) { report("'\(word)' is left over") }
      let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
      if code.contains("fatalError(") { report("fatalError is a crash a request could cause") }
      if code.contains("@unchecked Sendable"), !hasComment(above: index, in: lines) {
        report("@unchecked Sendable needs its written proof in the comment above")
      }
      if dropsError(code), !hasComment(above: index, in: lines), !line.contains("//") {
        report("'try?' drops an error: say why in a comment")
      }
    }
    return found
  }

  /// Whether `try?` stands there as a word; `Registry?` ends in the same letters.
  private static func dropsError(_ code: Substring) -> Bool {
    code.ranges(of: "try?").contains { range in
      range.lowerBound == code.startIndex || !code[code.index(before: range.lowerBound)].isLetter
    }
  }

  /// Spelled in halves so that this file does not break its own rule.
  private static let unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "not " + "implemented"]

  private static func hasComment(above index: Int, in lines: [Substring]) -> Bool {
    // Attributes and the lines of one statement may stand between the comment and the word it explains.
    lines[max(0, index - 4)..<index].contains { $0.drop { $0 == " " }.hasPrefix("//") }
  }

  /// A document has exactly one title.
  static func markdownTitle(_ file: SourceFile) -> [Violation] {
    var fenced = false
    var titles = 0
    for line in file.lines {
      if line.hasPrefix("```") { fenced.toggle() }
      if !fenced, line.hasPrefix("# ") { titles += 1 }
    }
    return titles == 1 ? [] : [Violation(path: file.path, message: "\(titles) first-level titles, not 1")]
  }
}
