/// How large each part of a multipart upload is to be.
///
/// Pure. While the total is unknown the size doubles every thousand parts, so that a small upload needs little memory
/// and ten thousand parts still reach terabytes: 8 MiB parts cover the first 8 GB, and 120 GB are passed at 64 MiB.
/// When the total is known, one size is chosen that fits it into nine tenths of the allowed parts.
package struct PartPlan: Sendable, Hashable {
  /// The size of a first part where neither the store nor the total asks for another.
  package static let usualPartBytes: Int64 = 8 << 20
  /// After this many parts of one size the next size is twice as large.
  package static let partsPerStep = 1_000

  package let limits: PartLimits
  /// The size of part 1.
  package let firstPartBytes: Int64
  private let grows: Bool

  /// Plans for a total that is known, or nil for one that is not.
  ///
  /// Throws `tooLarge` where a known total does not fit into the store's number of parts.
  package init(
    limits: PartLimits, totalBytes: Int64? = nil, preferredPartBytes: Int64 = PartPlan.usualPartBytes
  ) throws(StorageError) {
    self.limits = limits
    let base = min(max(preferredPartBytes, limits.minimumPartBytes, 1), max(limits.maximumPartBytes, 1))
    guard let totalBytes else {
      firstPartBytes = base
      grows = true
      return
    }
    let (reach, overflows) = limits.maximumPartBytes.multipliedReportingOverflow(by: Int64(limits.maximumParts))
    guard overflows || totalBytes <= reach else { throw .tooLarge(limitBytes: reach) }
    let parts = max(Int64(limits.maximumParts) - Int64(limits.maximumParts) / 10, 1)
    let needed = totalBytes / parts + 1
    let mebibytes = needed <= base ? base : ((needed + (1 << 20) - 1) >> 20) << 20
    let size = min(max(base, mebibytes), max(limits.maximumPartBytes, 1))
    // A small object needs no more memory than itself.
    firstPartBytes = min(size, max(totalBytes, limits.minimumPartBytes, 1))
    grows = false
  }

  /// The size of part `number` (from 1) in bytes; at least 1.
  package func sizeBytes(ofPart number: Int) -> Int64 {
    guard grows, number > 1 else { return firstPartBytes }
    let steps = min((number - 1) / Self.partsPerStep, 20)
    let (size, overflows) = firstPartBytes.multipliedReportingOverflow(by: 1 << Int64(steps))
    return overflows ? limits.maximumPartBytes : min(size, max(limits.maximumPartBytes, 1))
  }
}
