/// A table for people: columns aligned, two spaces between them, nothing at the end of a line.
struct TextTable: Sendable {
  let header: [String]

  /// The header line, then a line per row; a row shorter than the header ends early.
  func lines(_ rows: [[String]]) -> [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return all.map { row in
      let text = zip(row, widths)
        .map { text, width in text + String(repeating: " ", count: width - text.count) }
        .joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
  }
}
