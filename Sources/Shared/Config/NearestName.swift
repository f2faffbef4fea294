/// Finds the known name a misspelt one was probably meant to be.
enum NearestName {
  /// The known name at the smallest edit distance, where that is small for its length; of equals the first.
  static func of(_ name: String, among known: some Sequence<String>) -> String? {
    let written = Array(name.uppercased().utf8.prefix(128))
    let allowed = max(1, min(3, written.count / 4))
    var best: (name: String, distance: Int)?
    for candidate in known {
      let letters = Array(candidate.uppercased().utf8)
      guard abs(letters.count - written.count) <= allowed else { continue }
      let distance = editDistance(written, letters)
      if distance <= allowed, distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// The number of insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
  static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var row = [i + 1]
      row.reserveCapacity(right.count + 1)
      for (j, b) in right.enumerated() {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a == b ? 0 : 1))
        if i > 0, j > 0, a == right[j - 1], b == left[i - 1] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[right.count]
  }
}
