/// Which area of the shared library may use which, as written in `Sources/Shared/README.md`.
struct DependencyTable: Sendable {
  /// Area name to the areas it may use.
  let allowed: [String: Set<String>]
  /// Driver or C module to the file-name prefixes (ending in `*`) or folders (ending in `/`) that may import it.
  let drivers: [String: [String]]

  /// Reads both Markdown tables; the first has the columns "area | may use", the second "module | only in files named".
  init(readme: String) {
    var allowed: [String: Set<String>] = [:]
    var drivers: [String: [String]] = [:]
    var inDrivers = false
    for line in readme.split(separator: "\n") where line.hasPrefix("|") {
      let cells = line.split(separator: "|").map { $0.trimmed }
      guard cells.count == 2, !cells[0].hasPrefix("---") else { continue }
      if cells[0] == "area" { continue }
      if cells[0] == "module" {
        inDrivers = true
      } else if inDrivers {
        drivers[cells[0]] = cells[1].split(separator: "`").map(String.init).filter {
          $0.contains("*") || $0.contains(".swift") || $0.hasSuffix("/")
        }
      } else {
        let names = cells[1].split(separator: ",").map(\.trimmed)
        for area in cells[0].split(separator: ",").map(\.trimmed) {
          allowed[area] = Set(names).subtracting(["nothing"])
        }
      }
    }
    self.allowed = allowed
    self.drivers = drivers
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
