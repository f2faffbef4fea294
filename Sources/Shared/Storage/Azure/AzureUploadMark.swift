internal import SharedModel

/// The empty blob that stands for an open multipart upload.
///
/// The Blob service has no uploads: blocks are staged under a blob's name until they are committed, and neither who staged
/// them nor when is told. The mark, `.meridian-uploads/KEY/ID` in the same container, makes an upload something that can
/// be listed with its age, carry attributes and be given up.
enum AzureUploadMark {
  /// What the names of all marks begin with; no key of ours does.
  static let folder = ".meridian-uploads/"

  static func name(of upload: MultipartUpload) -> String { "\(folder)\(upload.key)/\(upload.id)" }

  /// The key and the id of a mark; nil for a name that is none.
  static func parse(_ name: String) -> (key: String, id: String)? {
    guard name.hasPrefix(folder), let slash = name.lastIndex(of: "/") else { return nil }
    let key = name[..<slash].dropFirst(folder.count)
    let id = String(name[name.index(after: slash)...])
    guard !key.isEmpty, MultipartUpload.isIdentifier(id) else { return nil }
    return (String(key), id)
  }
}

/// The names of staged blocks.
///
/// Ids of one blob must all have the same length. A fresh random id for each call makes the part that is completed exactly
/// the one that was confirmed, whatever else was staged under its number.
enum AzureBlockID {
  /// Stands for a part without bytes, which the service takes no block for.
  static let ofNothing = "-"

  /// 24 bytes in base64: the number, and 16 random ones.
  static func fresh(number: Int) -> String {
    let words = [UInt64(clamping: number), .random(in: 0 ... .max), .random(in: 0 ... .max)]
    return Base64.encode(words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } })
  }
}
