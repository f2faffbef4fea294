import Glibc
import Redis

/// A redis-server of this test's own, on a free port, that can be stopped, paused and started again.
final class RedisServerProcess {
  let port: Int
  private let arguments: [String]
  private var processID: pid_t?

  struct Failure: Error { let reason: String }

  /// Starts a server and returns when it answers.
  init(arguments extra: [String] = []) async throws {
    port = try ScriptedServer.freePort()
    arguments =
      [
        TestRedis.serverProgram, "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", "/tmp", "--logfile", "/dev/null",
      ] + extra
    try await start()
  }

  deinit {
    terminate()
  }

  var configuration: RedisConfiguration {
    RedisConfiguration(
      host: "127.0.0.1", port: port, connectTimeout: .milliseconds(500), commandTimeout: .milliseconds(500),
      backoff: RedisBackoff(initial: .milliseconds(10), cap: .milliseconds(100)))
  }

  /// Starts the process and waits until its port accepts connections.
  func start() async throws {
    var vector: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in vector { free(pointer) } }
    var child = pid_t()
    guard posix_spawn(&child, TestRedis.serverProgram, nil, nil, &vector, environ) == 0 else {
      throw Failure(reason: "redis-server does not start")
    }
    processID = child
    guard await eventually({ ScriptedServer.accepts(port: port) }) else {
      throw Failure(reason: "redis-server does not listen on \(port)")
    }
  }

  /// Kills the process and waits for its end.
  func terminate() {
    guard let child = processID else { return }
    processID = nil
    kill(child, SIGCONT)
    kill(child, SIGKILL)
    var status: Int32 = 0
    waitpid(child, &status, 0)
  }

  /// Stops the process in its tracks; the kernel still accepts connections for it.
  func pause() {
    if let processID { kill(processID, SIGSTOP) }
  }

  func resume() {
    if let processID { kill(processID, SIGCONT) }
  }
}
