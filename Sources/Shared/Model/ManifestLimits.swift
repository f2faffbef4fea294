/// Bounds on a manifest, so that reading one costs bounded time and memory (security rules 16 and 17).
package struct ManifestLimits: Sendable, Hashable {
  /// The largest manifest, in bytes. 4 MiB is what the OCI specification asks registries to accept at least.
  package var maximumBytes: Int
  /// How deeply the document may be nested.
  package var maximumDepth: Int
  /// The most descriptors in the whole manifest: config, layers or entries, and subject.
  package var maximumDescriptors: Int
  /// The most JSON values in the whole manifest, annotations and unknown fields included.
  package var maximumValues: Int

  /// Makes limits.
  package init(
    maximumBytes: Int = 4 << 20, maximumDepth: Int = 32, maximumDescriptors: Int = 10_000, maximumValues: Int = 400_000
  ) {
    self.maximumBytes = maximumBytes
    self.maximumDepth = maximumDepth
    self.maximumDescriptors = maximumDescriptors
    self.maximumValues = maximumValues
  }

  /// 4 MiB, depth 32, 10,000 descriptors, 400,000 values.
  package static let `default` = ManifestLimits()
}
