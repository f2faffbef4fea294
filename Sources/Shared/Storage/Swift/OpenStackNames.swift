internal import SharedModel

/// Where the pieces of multipart uploads lie in the container: outside of every location's storage path.
///
/// - `.meridian-uploads/open/<key>/<id>`: an upload that is open, with the attributes its object is to have;
/// - `.meridian-uploads/open/<key>/<id>.ending`: one whose segments are being deleted;
/// - `.meridian-uploads/parts/<id>/<number>-<8 hex>`: a segment. Each try has a name of its own, so no name ever holds
///   other bytes than before (decision D2), which Swift could show in either form for a while.
enum OpenStackNames {
  /// The prefix no listing of objects shows.
  static let hidden = ".meridian-uploads/"
  /// A place in a listing after everything of ours with that prefix.
  static let afterHidden = "\(hidden)~"

  private static let open = "\(hidden)open/"
  private static let ending = ".ending"

  /// The mark of an open upload; nil where its id is none of ours, so that it cannot name anything else.
  static func mark(_ upload: MultipartUpload) -> String? {
    RandomIdentifier(parsing: upload.id).map { "\(open)\(upload.key)/\($0)" }
  }

  /// What stands beside or in place of the mark while an upload ends.
  static func endingMark(_ mark: String) -> String { mark + ending }

  /// The prefix of the marks of all uploads under a storage path.
  static func marks(_ path: StoragePath) -> String { open + path.prefix }

  /// What a mark's name says: the object's name and the upload's id; nil for a name that is no mark.
  static func upload(ofMark name: String) -> (name: String, id: String)? {
    guard name.hasPrefix(open) else { return nil }
    let rest = name.dropFirst(open.count)
    guard let slash = rest.lastIndex(of: "/"), slash > rest.startIndex else { return nil }
    var id = rest[rest.index(after: slash)...]
    if id.hasSuffix(ending) { id = id.dropLast(ending.count) }
    return RandomIdentifier(parsing: id).map { (String(rest[..<slash]), $0.hex) }
  }

  /// The place in a listing of marks after everything of one upload.
  static func after(_ cursor: MultipartListing.Cursor) -> String { "\(open)\(cursor.name)/\(cursor.id)\(ending)" }

  /// The prefix of an upload's segments.
  static func segments(_ id: String) -> String { "\(hidden)parts/\(id)/" }

  /// A fresh name for a part.
  static func segment(_ id: String, number: Int) -> Segment {
    Segment(uploadID: id, number: number, suffix: String(RandomIdentifier().hex.prefix(8)))
  }

  /// The manifest that joins one thousand segments.
  static func joined(_ id: String, index: Int) -> String { "\(segments(id))joined-\(index)" }

  /// One try of a part.
  struct Segment: Sendable {
    let uploadID: String
    let number: Int
    let suffix: String

    var name: String {
      let digits = String(number)
      return "\(segments(uploadID))\(String(repeating: "0", count: max(5 - digits.count, 0)))\(digits)-\(suffix)"
    }

    /// What the completion names the part by: the body's MD5 and the try.
    func tag(_ checksum: String) -> String { "\(checksum)-\(suffix)" }
  }

  /// The segment and the MD5 that a part's tag names; nil for a tag that is none.
  static func segment(_ id: String, of part: UploadedPart) -> (segment: Segment, checksum: String)? {
    let halves = part.tag.split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count == 2, halves[0].utf8.count == 32, halves[1].utf8.count == 8,
      halves.allSatisfy({ $0.utf8.allSatisfy(\.isLowercaseHexadecimal) })
    else { return nil }
    return (Segment(uploadID: id, number: part.number, suffix: String(halves[1])), String(halves[0]))
  }
}
