internal import SharedModel
private import Synchronization

/// Which uploads were seen open a short while ago, so that not every part asks for its upload's mark first.
///
/// A hint only: an upload that another process has given up meanwhile may get a few more blocks, which nobody ever sees
/// and the service drops; the completion asks again. Bounded in number and age.
final class OpenUploads: Sendable {
  static let lifetime: Duration = .seconds(30)
  private static let capacity = 1_024

  private let seen = Mutex<[MultipartUpload: ContinuousClock.Instant]>([:])

  /// Whether the upload was open within the last seconds.
  func isOpen(_ upload: MultipartUpload, now: ContinuousClock.Instant = .now) -> Bool {
    seen.withLock { seen in
      guard let time = seen[upload] else { return false }
      return time.duration(to: now) < Self.lifetime
    }
  }

  /// Notes that the upload is open.
  func note(_ upload: MultipartUpload, now: ContinuousClock.Instant = .now) {
    seen.withLock { seen in
      if seen.count >= Self.capacity { seen = seen.filter { $0.value.duration(to: now) < Self.lifetime } }
      // Still full of fresh ones: the parts of this upload ask each time.
      guard seen.count < Self.capacity else { return }
      seen[upload] = now
    }
  }

  /// Notes that the upload has ended.
  func forget(_ upload: MultipartUpload) { seen.withLock { $0[upload] = nil } }
}
