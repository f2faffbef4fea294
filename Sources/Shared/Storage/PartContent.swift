package import SharedModel

/// Bytes received and hashed by an earlier request that are in no part yet: the stored tail (decision D11).
///
/// They are read only when the part they begin is complete, so that no memory is held for them meanwhile.
package struct CarriedBytes: Sendable {
  package let sizeBytes: Int64
  let open: @Sendable () async throws(StorageError) -> ObjectBody
  let digest: @Sendable () async throws(StorageError) -> Digest?

  /// Bytes that `open` gives, exactly `sizeBytes` of them, and what they hash to where that is known.
  ///
  /// The hash over the upload has passed them already, so nothing after this would notice that they came back changed.
  package init(
    sizeBytes: Int64, open: @escaping @Sendable () async throws(StorageError) -> ObjectBody,
    digest: @escaping @Sendable () async throws(StorageError) -> Digest? = { () async throws(StorageError) in nil }
  ) {
    self.sizeBytes = sizeBytes
    self.open = open
    self.digest = digest
  }

  /// The bytes, read again where they came back as others; throws `invalidResponse` where they keep doing so (I3).
  func load() async throws(StorageError) -> [[UInt8]] {
    let expected = try await digest()
    for _ in 0..<3 {
      let body = try await open()
      guard body.contentLengthBytes == sizeBytes else {
        throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: body.contentLengthBytes)
      }
      var chunks = body.makeAsyncIterator()
      var slices: [[UInt8]] = []
      var hasher = expected.map { ContentHasher(algorithm: $0.algorithm) }
      while let chunk = try await chunks.next() {
        hasher?.update(chunk)
        slices.append(chunk)
      }
      if hasher?.digest() == expected { return slices }
    }
    throw .invalidResponse(detail: "what an upload has stored comes back as other bytes")
  }
}

/// The complete bytes of one part or tail, wherever they are.
package struct PartContent: Sendable {
  enum Place: Sendable {
    case memory([[UInt8]], TransferReservation?)
    case spool(SpoolFile)
  }

  let carried: CarriedBytes?
  let gatheredBytes: Int64
  let place: Place

  /// The size in bytes, carried ones included.
  package var sizeBytes: Int64 { gatheredBytes + (carried?.sizeBytes ?? 0) }

  /// Brings all bytes into memory, waiting for as much of `sending` as they need that is not held already.
  ///
  /// The caller calls `release()` on the result once the bytes are stored, and waits for nothing but the store before
  /// that. Throws `overloaded` where too many wait, and what the store or the spool throws.
  package func load(sending: TransferMemory?, joined: Bool = false) async throws(StorageError) -> LoadedBytes {
    if case .memory(let slices, let reservation) = place, carried == nil, !joined || slices.count <= 1 {
      // Room for gathering is given back at once where there is room for sending.
      guard let reservation, let sending, let moved = sending.tryReserve(gatheredBytes) else {
        return LoadedBytes(slices: slices, reservations: reservation.map { [$0] } ?? [])
      }
      reservation.release()
      return LoadedBytes(slices: slices, reservations: [moved])
    }
    var reservations: [TransferReservation] = []
    if let sending { reservations.append(try await sending.reserve(neededBytes(joined: joined))) }
    var collected = CollectedSlices(joinedBytes: joined ? sizeBytes : nil)
    if let carried {
      for slice in try await carried.load() { collected.add(slice) }
    }
    switch place {
    case .memory(let slices, let reservation):
      for slice in slices { collected.add(slice) }
      if let reservation { reservations.append(reservation) }
    case .spool(let file): try await file.read { collected.add($0) }
    }
    return LoadedBytes(slices: collected.slices, reservations: reservations)
  }

  /// Gives back the memory held for gathered bytes, for when they are of no use; a file goes with the last reference.
  func release() {
    if case .memory(_, let reservation) = place { reservation?.release() }
  }

  /// What is not in memory yet; a joined copy is whole.
  private func neededBytes(joined: Bool) -> Int64 {
    if !joined, case .memory = place { return carried?.sizeBytes ?? 0 }
    return sizeBytes
  }
}

/// Bytes in memory, and what is reserved for them until `release()`.
package struct LoadedBytes: Sendable {
  package let slices: [[UInt8]]
  let reservations: [TransferReservation]

  /// All bytes as one array; without a copy where they were loaded joined.
  package var bytes: [UInt8] { slices.count == 1 ? slices.first ?? [] : Array(slices.joined()) }

  /// Gives the memory back.
  package func release() {
    for reservation in reservations { reservation.release() }
  }
}

/// Slices as they are loaded: kept apart, or joined into one array.
private struct CollectedSlices {
  private let isJoined: Bool
  private(set) var slices: [[UInt8]]

  init(joinedBytes: Int64?) {
    isJoined = joinedBytes != nil
    slices = []
    guard let joinedBytes else { return }
    var whole: [UInt8] = []
    whole.reserveCapacity(Int(clamping: joinedBytes))
    slices = [whole]
  }

  mutating func add(_ slice: [UInt8]) {
    if isJoined { slices[0].append(contentsOf: slice) } else { slices.append(slice) }
  }
}
