/// How a blob is copied, by its size; each class has slots of its own, so that neither waits for the other (G14).
package enum JobClass: String, Sendable, Hashable, CaseIterable {
  /// Many at once, claimed and completed in batches.
  case small
  /// A few at once, each in parts.
  case large

  /// The size above which a blob is large; the schema's generated column `jobs.is_large` says the same.
  package static let smallUpToBytes: Int64 = 4 << 20

  /// The class of a blob of `sizeBytes`.
  package init(sizeBytes: Int64) { self = sizeBytes > Self.smallUpToBytes ? .large : .small }
}
