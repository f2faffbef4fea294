/// Where the uploads of all clients keep bytes that no store has confirmed yet, each kind with a bound of its own.
///
/// A client may take as long as it likes, so nothing that others wait for is ever held for one (security rule 19):
/// `gathering` and `streaming` are taken only where they are free, and `sending`, which is waited for, is held only while
/// a store takes the bytes. Who finds no room for gathering goes on in the spool.
package struct TransferRoom: Sendable {
  /// What one streamed PUT holds at most: the transport's window and libcurl's send buffer.
  package static let streamBytes: Int64 = 3 << 19

  /// Parts that are being filled, at their clients' speed, and parts filled here that are being sent.
  package let gathering: TransferMemory
  /// Bytes brought back from the spool or a tail object to be sent, at the store's speed.
  package let sending: TransferMemory
  /// Streamed PUTs; each also holds a connection to the store at its client's speed, so they are few.
  package let streaming: TransferMemory
  package let spool: Spool

  /// Shares `memoryBytes` out: two fifths for gathering, three tenths each for sending and for streaming.
  ///
  /// Of 80 MiB, 32 MiB are for gathering, 24 MiB for sending, and 16 bodies are streamed at a time, a quarter of the
  /// transport's 64 connections to one store.
  package init(memoryBytes: Int64, spool: Spool) {
    let tenth = max(memoryBytes, 10) / 10
    gathering = TransferMemory(capacityBytes: tenth * 4)
    sending = TransferMemory(capacityBytes: tenth * 3)
    streaming = TransferMemory(capacityBytes: min(tenth * 3, 16 * Self.streamBytes))
    self.spool = spool
  }
}
