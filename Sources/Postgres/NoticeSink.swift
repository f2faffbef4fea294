import CLibPQ
import Synchronization

/// Counts the server's notices and hands them to the configured receiver.
final class NoticeSink: Sendable {
  private let received = Atomic<Int>(0)
  private let receiver: (@Sendable (PostgresNotice) -> Void)?

  init(receiver: (@Sendable (PostgresNotice) -> Void)?) {
    self.receiver = receiver
  }

  /// Notices since the start.
  var count: Int { received.load(ordering: .relaxed) }

  /// Routes a connection's notices here instead of to libpq's default, the process's standard error.
  ///
  /// The connection must not outlive this object.
  func attach(to handle: OpaquePointer) {
    PQsetNoticeReceiver(
      handle,
      { context, result in
        guard let context, let result else { return }
        Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().receive(result)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func receive(_ result: OpaquePointer) {
    received.add(1, ordering: .relaxed)
    guard let receiver else { return }
    receiver(
      PostgresNotice(
        severity: ResultDecoder.field(result, "V") ?? "NOTICE", sqlState: ResultDecoder.field(result, "C") ?? "",
        message: ResultDecoder.field(result, "M") ?? ""))
  }
}
