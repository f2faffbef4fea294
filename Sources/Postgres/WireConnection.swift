import CLibPQ
import Glibc

/// One libpq connection in pipeline mode; lives and dies on its session's thread.
///
/// Every statement travels as `[DEALLOCATE …] [PREPARE] EXECUTE`, so a first use costs no extra round trip. Statements
/// between two ``synchronise()`` calls form a segment: an error aborts the rest of its segment (foundations.md, gotcha 5).
final class WireConnection {
  let handle: OpaquePointer
  let notices: NoticeSink
  var statements: StatementCache
  /// What was sent and not yet answered, oldest first.
  var expected = FIFO<Expectation>()
  /// The rows of the command being answered.
  var partial = PartialResult()
  /// Why the preparation of the statement whose answer is next failed.
  var preparationError: PostgresError?
  /// Names whose DEALLOCATE did not go through, to be sent again.
  var orphans: [String] = []
  /// Rows arrive one by one, so that a result beyond the bounds is never held whole.
  let streamsRows: Bool
  let maxResultBytes: Int
  let maxResultRows: Int
  /// The server's position in the group.
  let server: Int
  private let group: ServerGroup
  /// Why the session must not be used again, nil while it is sound.
  private(set) var defect: PostgresError?

  init(
    handle: OpaquePointer, server: Int, of group: ServerGroup, notices: NoticeSink, streamsRows: Bool,
    configuration: PostgresConfiguration
  ) {
    self.handle = handle
    self.server = server
    self.group = group
    self.notices = notices
    self.streamsRows = streamsRows
    statements = StatementCache(capacity: configuration.maxPreparedStatements)
    maxResultBytes = configuration.maxResultBytes
    maxResultRows = configuration.maxResultRows
  }

  deinit {
    PQfinish(handle)
  }

  /// One command whose answer is due.
  enum Expectation {
    case deallocate(name: String)
    case prepare(StatementCache.Entry)
    /// `tag` identifies the statement to the sender.
    case execute(StatementCache.Entry, tag: Int)
    case synchronise
  }

  var socket: Int32 { PQsocket(handle) }

  /// Whether nothing is in flight and no transaction is open.
  var isAtRest: Bool { defect == nil && expected.isEmpty && PQtransactionStatus(handle) == PQTRANS_IDLE }

  /// Whether the server refuses statements until ROLLBACK.
  var isInFailedTransaction: Bool { PQtransactionStatus(handle) == PQTRANS_INERROR }

  /// Marks the session unfit for reuse; the first reason is kept.
  func condemn(_ reason: PostgresError) {
    defect = defect ?? reason
  }

  /// Condemns the session if its server is not the primary any more, as far as the client knows (I9: no zombie writes).
  func condemnIfReplaced() {
    if !group.isCurrent(server) { condemn(.connectionLost("another server has become the primary")) }
  }

  /// Says that the server is slow to answer.
  func suspectServer() { group.suspect(server) }

  /// How long an answer may take before the server is suspected; nil where there is no other.
  var suspicionAge: Duration? { group.hasChoice ? group.suspicionAge : nil }

  /// Condemns the session with libpq's last message and returns the reason.
  @discardableResult
  func loseConnection() -> PostgresError {
    let message = String(cString: PQerrorMessage(handle))
    // The first line says what happened; the rest is libpq's advice.
    let line = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no reason given"
    let reason = PostgresError.connectionLost(line)
    condemn(reason)
    return defect ?? reason
  }

  /// Writes what is buffered, as far as the socket takes it.
  ///
  /// - Returns: whether everything is written. A failed write is no reason to stop: the server may have said why before
  ///   it hung up, and reading will tell.
  func flush() -> Bool { PQflush(handle) != 1 }

  /// Takes what has arrived, notices included, and sees whether the server has hung up.
  func takeInput() {
    // On a failed read libpq may still hold the server's last words: only if nothing can be parsed is the loss ours.
    let isRead = PQconsumeInput(handle) == 1
    let isBusy = PQisBusy(handle) == 1
    if expected.isEmpty {
      // Nothing is due: what has arrived is a notice, or the server's goodbye.
      if PQstatus(handle) == CONNECTION_BAD || !isRead { loseConnection() }
    } else if !isRead, isBusy {
      loseConnection()
    }
  }

  /// Takes everything that has arrived by now, up to and including a hang-up.
  func takeAllInput() {
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    while defect == nil, poll(&descriptor, 1, 0) == 1 { takeInput() }
  }
}
