import CLibPQ
import Glibc

/// One server being asked for a session; lives on the thread of its election.
///
/// A server that must take writes is also asked for its timeline, in the same waiting loop, so that a primary that was
/// replaced is told from its successor.
final class ServerAttempt {
  /// How far the attempt is.
  enum Stage {
    case waiting
    case connecting(PostgresPollingStatusType)
    case asking
    /// The server gave a session of the kind wanted; its timeline, where it was asked and told.
    case accepted(timeline: Int64?)
    case refused(ConnectFailure)
  }

  /// The server's position in the group.
  let server: Int
  private let target: ConnectionTarget
  private(set) var stage = Stage.waiting
  private var handle: OpaquePointer?
  private var deadline: ContinuousClock.Instant?
  private var timeline: Int64?

  init(server: Int, target: ConnectionTarget) {
    self.server = server
    self.target = target
  }

  deinit {
    if let handle { PQfinish(handle) }
  }

  /// Whether the server may still answer.
  var isPending: Bool {
    switch stage {
    case .connecting, .asking: true
    case .waiting, .accepted, .refused: false
    }
  }

  /// Whether the server gave a session.
  var isAccepted: Bool {
    if case .accepted = stage { return true }
    return false
  }

  /// Whether the server gave none and will not.
  var isRefused: Bool {
    if case .refused = stage { return true }
    return false
  }

  /// When the attempt is given up, while it is pending.
  var expiry: ContinuousClock.Instant? { isPending ? deadline : nil }

  /// What to wait for, while pending.
  var interest: pollfd? {
    guard isPending, let handle else { return nil }
    let events =
      switch stage {
      case .connecting(let phase): Int16(phase == PGRES_POLLING_READING ? POLLIN : POLLOUT)
      default: Int16(PQflush(handle) == 1 ? POLLIN | POLLOUT : POLLIN)
      }
    return pollfd(fd: PQsocket(handle), events: events, revents: 0)
  }

  /// Starts to connect. Blocks for the system's resolver only.
  func begin(at now: ContinuousClock.Instant) {
    deadline = now + target.connectTimeout
    guard let handle = WireConnection.start(target) else {
      return refuse("out of memory")
    }
    self.handle = handle
    // VERBOSE puts the SQLSTATE into the message of a failed login, where there is no result to ask for it.
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    if PQstatus(handle) == CONNECTION_BAD { refuseByServer() } else { stage = .connecting(PGRES_POLLING_WRITING) }
  }

  /// Goes on as far as possible without waiting; called when the socket is ready and when time has passed.
  func advance(isReady: Bool, at now: ContinuousClock.Instant) {
    if isReady {
      switch stage {
      case .connecting: connect()
      case .asking: readTimeline()
      case .waiting, .accepted, .refused: break
      }
    }
    if isPending, let deadline, now >= deadline { refuse("connection to \(name) timed out") }
  }

  /// Ends the attempt for a reason of the election's own.
  func refuse(_ message: String) {
    stage = .refused(ConnectFailure(message: message, isPermanent: false))
    dropHandle()
  }

  /// Hands over the accepted connection, once.
  func takeHandle() -> OpaquePointer? {
    defer { handle = nil }
    return handle
  }

  /// `host:port`, for messages.
  var name: String { target.hosts.first.map { "\($0.name), port \($0.port)" } ?? "the server" }

  private func connect() {
    guard let handle else { return }
    let phase = PQconnectPoll(handle)
    switch phase {
    case PGRES_POLLING_OK:
      PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
      guard target.wantsPrimary else {
        stage = .accepted(timeline: nil)
        return
      }
      guard PQsetnonblocking(handle, 1) == 0, PQsendQuery(handle, Self.question) == 1, PQflush(handle) >= 0 else {
        return refuseByServer()
      }
      stage = .asking
    case PGRES_POLLING_FAILED: refuseByServer()
    default: stage = .connecting(phase)
    }
  }

  private func readTimeline() {
    guard let handle else { return }
    guard PQconsumeInput(handle) == 1 else { return refuseByServer() }
    while PQisBusy(handle) == 0 {
      guard let result = PQgetResult(handle) else {
        stage = .accepted(timeline: timeline)
        return
      }
      defer { PQclear(result) }
      // An error means that this server has no such functions: it is then taken without a timeline.
      if PQresultStatus(result) == PGRES_TUPLES_OK, PQntuples(result) == 1, PQgetisnull(result, 0, 0) == 0,
        let text = PQgetvalue(result, 0, 0)
      {
        timeline = Int64(String(cString: text), radix: 16)
      }
    }
  }

  private func refuseByServer() {
    let message = handle.map { String(cString: PQerrorMessage($0)) } ?? ""
    stage = .refused(ConnectFailure(libpqMessage: message, target: target))
    dropHandle()
  }

  private func dropHandle() {
    if let handle { PQfinish(handle) }
    handle = nil
  }

  /// The first eight digits of a WAL file's name are the timeline (manual, 9.27.3).
  private static let question = """
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
    ELSE pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END
    """
}
