internal import FuzzProperties
internal import SharedModel

/// What must hold of the small parsers of the model, whatever the input.
enum ModelProperties {
  /// Accepted exactly where the grammar says so; the description is the text that was parsed.
  static func digest(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    // Why a digest is refused does not matter here.
    let digest = try? Digest(parsing: text)
    require((digest != nil) == Grammar.isDigest(text), "a digest is accepted where the grammar matches")
    guard let digest else { return }
    require(digest.description.utf8.elementsEqual(text.utf8), "a digest describes itself as it was written")
    require(digest.hex.utf8.count == digest.algorithm.hexLength, "the hash has its algorithm's length")
    require(
      Hexadecimal.decode(digest.hex).flatMap { Digest(algorithm: digest.algorithm, bytes: $0) } == digest,
      "a digest survives its bytes")
  }

  /// Accepted exactly where one of both grammars matches; never both, and the text survives. Repository names too.
  static func reference(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    // Why a text is refused does not matter here, nor below.
    switch try? Reference(parsing: text) {
    case .digest(let digest)?:
      require(Grammar.isDigest(text) && !Grammar.isTag(text), "a digest reference is a digest")
      require(digest.description.utf8.elementsEqual(text.utf8), "a digest reference survives")
    case .tag(let tag)?:
      require(Grammar.isTag(text) && !Grammar.isDigest(text), "a tag reference is a tag")
      require(tag.description.utf8.elementsEqual(text.utf8), "a tag survives")
    case nil: require(!Grammar.isTag(text) && !Grammar.isDigest(text), "a well-formed reference is accepted")
    }
    let name = try? RepositoryName(parsing: text)
    require((name != nil) == Grammar.isRepositoryName(text), "a repository name is accepted where the grammar matches")
    guard let name else { return }
    require(name.description.utf8.elementsEqual(text.utf8), "a repository name survives")
    require(Grammar.isRepositoryName(name.namespace), "the namespace of a repository is a repository name")
  }

  /// What a range resolves to lies within the object, for objects of every size.
  static func range(_ bytes: [UInt8]) {
    let request = RangeRequest(header: String(decoding: bytes, as: UTF8.self))
    for size: Int64 in [0, 1, 2, 100, 1 << 31, 1 << 62, .max - 1, .max] {
      switch request.resolve(size: size) {
      case .whole: require(request == .whole, "only a request without a range is answered whole")
      case .unsatisfiable: require(request != .whole, "a request without a range is always satisfiable")
      case .part(let part):
        require(part.first >= 0 && part.first <= part.last && part.last < size, "a part lies within the object")
        require(part.count >= 1 && part.count <= size, "a part is no larger than the object")
        if case .from(let first, let last) = request {
          require(part.first == first, "a part begins where it was asked to")
          require(part.last == min(last ?? .max, size - 1), "a part ends where it was asked to")
        }
        if case .suffix(let count) = request { require(part.count == min(count, size), "a suffix has its length") }
      }
    }
    require(RangeRequest(header: nil) == .whole, "no header asks for everything")
  }

  /// A state that is taken is written back byte for byte, and goes on to the same digest after another save.
  static func hashState(_ bytes: [UInt8]) {
    // Why a state is refused does not matter here.
    guard var hasher = try? ContentHasher(restoring: bytes) else { return }
    require(hasher.savedState() == bytes, "a restored state is saved as it was")
    require(hasher.count >= 0, "a count is never negative")
    for chunk in [1, 63, 64, 65, 127, 128, 129] {
      let before = hasher.count
      hasher.update([UInt8](repeating: UInt8(chunk), count: chunk))
      require(hasher.count == before + Int64(chunk), "the count grows by what was added")
      // Beyond the limit a state is refused, also one that this run has carried past it.
      guard hasher.count < ContentHasher.maximumRestorableCount else { return }
      let again = try? ContentHasher(restoring: hasher.savedState())
      require(again?.digest() == hasher.digest(), "a saved state goes on to the same digest")
    }
  }
}
