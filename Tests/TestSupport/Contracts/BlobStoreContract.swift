package import Shared
import Testing

/// One thing every `BlobStore` engine must do; each engine's test runs all of them.
///
/// A rule uses fresh keys only and leaves nothing behind on success, so that it may run against a shared bucket.
package enum BlobStoreRule: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case bytesComeBackAsTheyWere
  case rangesAreExact
  case whatIsMissingIsSaidToBe
  case deletionIsIdempotentAndExact
  case attributesComeBack
  case streamedPutStoresExactlyWhatWasPromised
  case shortStreamedPutStoresNothing
  case longStreamedPutStoresNothing
  case abortedPutStoresNothing
  case partsUploadedInOrderMakeTheObject
  case partsUploadedAtOnceOutOfOrderMakeTheObject
  case aReplacedPartCountsOnce
  case nothingIsVisibleBeforeCompletion
  case copiedPartIsTheLastPart
  case completionIsIdempotent
  case completionRefusesOtherSizesAndParts
  case anAbortedUploadIsGone
  case manyReadersAtOnce
  case aDroppedBodyHoldsNothingUp
  case cancellationEndsACall
  case aLargeObjectStreamsInSmallPieces
  case neighboursAreNotTouched
  case listingsPageInBytewiseOrder
  case listingsTellSizesAndTimes
  case listingsGoOnPastDeletions
  case listingsKeepToTheStoragePath
  case uploadsAreListedUntilTheyEnd
  case aCopyIsTheObject
  case aCopyOfNothingOrOfAnotherSizeFails
  case aCopyFromAnotherServiceIsLeftToOthers
  case alteredBodiesAreRefused
  case theProbeSucceeds

  package var testDescription: String { rawValue }

  /// Checks the rule; failed expectations are recorded in the running test.
  package func check(_ engine: BlobStoreUnderTest) async throws {
    switch self {
    case .bytesComeBackAsTheyWere: try await engine.bytesComeBackAsTheyWere()
    case .rangesAreExact: try await engine.rangesAreExact()
    case .whatIsMissingIsSaidToBe: try await engine.whatIsMissingIsSaidToBe()
    case .deletionIsIdempotentAndExact: try await engine.deletionIsIdempotentAndExact()
    case .attributesComeBack: try await engine.attributesComeBack()
    case .streamedPutStoresExactlyWhatWasPromised: try await engine.streamedPutStoresExactlyWhatWasPromised()
    case .shortStreamedPutStoresNothing: try await engine.shortStreamedPutStoresNothing()
    case .longStreamedPutStoresNothing: try await engine.longStreamedPutStoresNothing()
    case .abortedPutStoresNothing: try await engine.abortedPutStoresNothing()
    case .partsUploadedInOrderMakeTheObject: try await engine.partsUploadedInOrderMakeTheObject()
    case .partsUploadedAtOnceOutOfOrderMakeTheObject: try await engine.partsUploadedAtOnceOutOfOrderMakeTheObject()
    case .aReplacedPartCountsOnce: try await engine.aReplacedPartCountsOnce()
    case .nothingIsVisibleBeforeCompletion: try await engine.nothingIsVisibleBeforeCompletion()
    case .copiedPartIsTheLastPart: try await engine.copiedPartIsTheLastPart()
    case .completionIsIdempotent: try await engine.completionIsIdempotent()
    case .completionRefusesOtherSizesAndParts: try await engine.completionRefusesOtherSizesAndParts()
    case .anAbortedUploadIsGone: try await engine.anAbortedUploadIsGone()
    case .manyReadersAtOnce: try await engine.manyReadersAtOnce()
    case .aDroppedBodyHoldsNothingUp: try await engine.aDroppedBodyHoldsNothingUp()
    case .cancellationEndsACall: try await engine.cancellationEndsACall()
    case .aLargeObjectStreamsInSmallPieces: try await engine.aLargeObjectStreamsInSmallPieces()
    case .neighboursAreNotTouched: try await engine.neighboursAreNotTouched()
    case .listingsPageInBytewiseOrder: try await engine.listingsPageInBytewiseOrder()
    case .listingsTellSizesAndTimes: try await engine.listingsTellSizesAndTimes()
    case .listingsGoOnPastDeletions: try await engine.listingsGoOnPastDeletions()
    case .listingsKeepToTheStoragePath: try await engine.listingsKeepToTheStoragePath()
    case .uploadsAreListedUntilTheyEnd: try await engine.uploadsAreListedUntilTheyEnd()
    case .aCopyIsTheObject: try await engine.aCopyIsTheObject()
    case .aCopyOfNothingOrOfAnotherSizeFails: try await engine.aCopyOfNothingOrOfAnotherSizeFails()
    case .aCopyFromAnotherServiceIsLeftToOthers: try await engine.aCopyFromAnotherServiceIsLeftToOthers()
    case .alteredBodiesAreRefused: try await engine.alteredBodiesAreRefused()
    case .theProbeSucceeds: try await engine.store.probe()
    }
  }
}

/// An engine and what the contract leaves open to it.
package struct BlobStoreUnderTest: Sendable {
  package let store: any BlobStore
  /// A store of the same service and credentials with a bucket of its own.
  package let neighbour: any BlobStore
  /// Whether the digest given at a write is told by `head`.
  package let keepsAttributes: Bool
  /// Whether a body that is not what its hash says is refused.
  package let refusesAlteredBodies: Bool
  /// The code a refused body is answered with.
  package let alterationCode: String

  /// Names an engine for the contract; its storage path holds nothing and is used by nobody else.
  package init(
    _ store: any BlobStore, neighbour: any BlobStore, keepsAttributes: Bool, refusesAlteredBodies: Bool = false,
    alterationCode: String = "XAmzContentSHA256Mismatch"
  ) {
    self.store = store
    self.neighbour = neighbour
    self.keepsAttributes = keepsAttributes
    self.refusesAlteredBodies = refusesAlteredBodies
    self.alterationCode = alterationCode
  }

  /// Whether a name may not be both an object's and a folder's.
  var isLocal: Bool { store is LocalStore }

  /// A key nobody has used.
  func freshKey() -> ObjectKey { .blob(storagePath: store.storagePath, identifier: RandomIdentifier()) }

  /// The whole object at `key`.
  func read(_ key: ObjectKey, range: ByteRange? = nil) async throws(StorageError) -> [UInt8] {
    try await store.open(key, range: range).collect(limitBytes: 256 << 20)
  }

  /// A part size every engine takes for a part that is not the last.
  var partBytes: Int { Int(max(store.partLimits.minimumPartBytes, 64 << 10)) }
}

/// Bytes that look random and are the same for the same seed.
package enum PatternBytes {
  /// `count` bytes.
  package static func make(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in 0..<count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        buffer[index] = UInt8(truncatingIfNeeded: state >> 24)
      }
      filled = count
    }
  }
}
