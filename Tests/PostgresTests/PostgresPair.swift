import Glibc
import Testing

/// A primary and a standby of a test's own, with synchronous replication, that can be killed, frozen and promoted.
///
/// They run as the user `postgres` where the test runs as root, which PostgreSQL refuses.
final class PostgresPair: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Whether PostgreSQL's server programs are here; in CI they have to be.
  static let isUsable = programs != nil || getenv("CI") != nil

  let ports: [Int]
  private let directory: String
  private let bin: String

  /// Makes and starts both servers; returns when commits are replicated.
  init() throws {
    guard let bin = Self.programs else { throw Failure(description: "no initdb below /usr/lib/postgresql") }
    self.bin = bin
    ports = [try Self.freePort(), try Self.freePort()]
    var template = Array("/tmp/meridian-pair-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(description: "no temporary folder") }
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    try Self.run("chmod 755 \(directory)")
    if getuid() == 0 { try Self.run("chown postgres:postgres \(directory)") }
    try own("\(bin)/initdb -D \(directory)/0 -U meridian --auth=trust --encoding=UTF8 --locale=C --no-sync")
    try start(0, settings: ["synchronous_standby_names=*"])
    try own(
      "\(bin)/pg_basebackup -D \(directory)/1 -h 127.0.0.1 -p \(ports[0]) -U meridian -R --no-sync -c fast -X stream")
    try start(1)
    try own(
      """
      for i in $(seq 100); do
        [ "$(\(bin)/psql -X -q -t -A -h 127.0.0.1 -p \(ports[0]) -U meridian -d postgres \
        -c "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ] && exit 0
        sleep 0.1
      done
      exit 1
      """)
  }

  deinit {
    for server in 0...1 { try? signalTree(server, "KILL") }  // A server that is gone already is fine.
    try? Self.run("rm -rf \(directory)")  // Leftovers below /tmp are the system's to clear.
  }

  /// The URI of both, the first server first.
  var uri: String { "postgresql://meridian@127.0.0.1:\(ports[0]),127.0.0.1:\(ports[1])/postgres" }

  /// Starts a server and waits for it; a standby stays one.
  func start(_ server: Int, settings: [String] = ["synchronous_standby_names="]) throws {
    let options = settings.map { "-c \($0)" }.joined(separator: " ")
    // A killed server leaves its lock file; its processes are gone by now.
    try own("rm -f \(directory)/\(server)/postmaster.pid")
    try own(
      """
      \(bin)/pg_ctl -D \(directory)/\(server) -w -t 30 -l \(directory)/\(server).log \
      -o "-p \(ports[server]) -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
      -c shared_buffers=16MB -c max_connections=40 -c wal_keep_size=64 \(options)" start >/dev/null
      """)
  }

  /// SIGKILL to the server and all its processes, as a machine that is switched off.
  func kill(_ server: Int) throws { try signalTree(server, "KILL") }

  /// Stops every process of the server in its tracks; the kernel still accepts connections for it.
  func freeze(_ server: Int) throws { try signalTree(server, "STOP") }

  func thaw(_ server: Int) throws { try signalTree(server, "CONT") }

  /// Makes the standby a primary and waits until it takes writes.
  func promote(_ server: Int) throws { try own("\(bin)/pg_ctl -D \(directory)/\(server) -w promote >/dev/null") }

  private func signalTree(_ server: Int, _ signal: String) throws {
    try Self.run(
      "p=$(head -n 1 \(directory)/\(server)/postmaster.pid) && kill -s \(signal) $p $(cat /proc/$p/task/*/children)")
  }

  private func own(_ script: String) throws {
    try Self.run(
      script, prefix: getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : [])
  }

  private static let programs: String? = {
    for version in stride(from: 20, through: 13, by: -1) {
      let bin = "/usr/lib/postgresql/\(version)/bin"
      if access("\(bin)/initdb", X_OK) == 0 { return bin }
    }
    return nil
  }()

  private static func run(_ script: String, prefix: [String] = []) throws {
    let words = ["/usr/bin/env", "LC_ALL=C"] + prefix + ["sh", "-c", "cd / && {\n\(script)\n} >/dev/null 2>&1"]
    var vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for pointer in vector { free(pointer) } }
    var child = pid_t()
    guard posix_spawn(&child, "/usr/bin/env", nil, nil, &vector, environ) == 0 else {
      throw Failure(description: "cannot run a command")
    }
    var status: Int32 = 0
    guard waitpid(child, &status, 0) == child, status == 0 else {
      throw Failure(description: "failed with \(status): \(script)")
    }
  }

  private static func freePort() throws -> Int {
    let listener = try #require(SilentListener())
    return Int(listener.port)
  }
}
