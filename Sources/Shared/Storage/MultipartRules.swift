/// What every engine asks of a completion before it does anything.
enum MultipartRules {
  /// Throws unless there are parts, their numbers ascend and their sizes add up to `sizeBytes`.
  static func check(_ parts: [UploadedPart], sizeBytes: Int64) throws(StorageError) {
    guard !parts.isEmpty else { throw .refused(status: 0, code: "NoParts") }
    var total: Int64 = 0
    var last = 0
    for part in parts {
      guard part.number > last else { throw .refused(status: 0, code: "InvalidPartOrder") }
      last = part.number
      let (sum, overflows) = total.addingReportingOverflow(part.sizeBytes)
      guard part.sizeBytes >= 0, !overflows else { throw .refused(status: 0, code: "InvalidPartSize") }
      total = sum
    }
    guard total == sizeBytes else { throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: total) }
  }
}
