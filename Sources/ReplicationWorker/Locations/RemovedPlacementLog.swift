import Foundation
import Shared
import Synchronization

/// Keeps what a removal has deleted until its transaction has committed, in a file, so that a million rows take no
/// memory and nothing is said that is not so.
final class RemovedPlacementLog: Sendable {
  private struct State {
    var file: FileHandle
    var failure: (any Error)?
  }

  private let state: Mutex<State>

  /// Makes an empty log in a file without a name: it is gone with the process, however that ends.
  init() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("removal-\(RandomIdentifier().hex)").path
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
      let file = FileHandle(forUpdatingAtPath: path)
    else { throw StartupError.refused("no file can be made in the folder for temporary files") }
    try FileManager.default.removeItem(atPath: path)
    state = Mutex(State(file: file))
  }

  /// Begins anew: what was kept has been rolled back.
  func clear() {
    keepingFailure { file in
      try file.truncate(atOffset: 0)
    }
  }

  /// Keeps a batch.
  func append(_ batch: [RemovedPlacement]) {
    let text = batch.map { "Deleted placement \($0.digest) \($0.key)\n" }.joined()
    keepingFailure { file in try file.write(contentsOf: Data(text.utf8)) }
  }

  /// Writes everything out, in pieces; throws where the file could not hold it.
  func print() throws {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      try state.file.seek(toOffset: 0)
      while let piece = try state.file.read(upToCount: 1 << 16), !piece.isEmpty {
        StandardStream.output.write(bytes: Array(piece))
      }
    }
  }

  private func keepingFailure(_ work: (FileHandle) throws -> Void) {
    state.withLock { state in
      do { try work(state.file) } catch { state.failure = error }
    }
  }
}
