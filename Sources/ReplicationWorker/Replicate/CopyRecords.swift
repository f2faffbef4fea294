import Shared

/// What a copy asks of the catalog while it is under way; everything is conditional on the job's lease (I9).
protocol CopyRecords: Sendable {
  /// Where an earlier attempt stopped; nil where there is nothing to go on from.
  func checkpoint(of job: ReplicationJob) async throws(CatalogError) -> CopyCheckpoint?
  /// Puts a multipart upload that was just begun on record; false where the lease is lost.
  func beginCheckpoint(_ checkpoint: CopyCheckpoint, of job: ReplicationJob) async throws(CatalogError) -> Bool
  /// Adds confirmed parts and moves the offset and the hash on; false where the lease is lost.
  func advanceCheckpoint(
    of job: ReplicationJob, adding parts: [UploadPartRecord], offsetBytes: Int64, hashState: [UInt8]
  ) async throws(CatalogError) -> Bool
  /// Forgets the checkpoint and puts its multipart upload on record for deletion; false where the lease is lost.
  func dropCheckpoint(of job: ReplicationJob, reason: String) async throws(CatalogError) -> Bool
  /// All placements of these blobs now, the quarantined ones too.
  func placements(of blobs: [BlobID]) async throws(CatalogError) -> [BlobID: [Placement]]
}

extension Catalog: CopyRecords {}
