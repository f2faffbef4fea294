import Foundation
import Shared

/// The probe of the free space of this host's disks: too little is worth a warning, next to none keeps pushes away.
enum DiskProbe {
  /// A disk with less free space than this share is full for our purposes (Quay: 1 %).
  private static let fullPercent = 1.0

  /// How much of a disk is free.
  struct Space: Sendable, Equatable {
    let freeBytes: Int64
    let totalBytes: Int64

    var freePercent: Double { totalBytes > 0 ? 100 * Double(freeBytes) / Double(totalBytes) : 0 }
  }

  /// Builds the probe of the disks that hold `paths`; `space` asks the system.
  static func make(
    paths: [String], warnPercent: Int, interval: Duration = .seconds(15), deadline: Duration = .seconds(5),
    space: @escaping @Sendable (String) async throws -> Space = { try await DiskProbe.space(of: $0) }
  ) -> Probe {
    Probe(target: .disk, interval: interval, deadline: deadline, thresholds: .init(rise: 1, fall: 2)) {
      var least: Space?
      for path in paths {
        let found: Space
        do {
          found = try await space(path)
        } catch {
          // A disk that cannot be asked is not known to be full.
          return Sighting(read: .warn("\(error)"))
        }
        if found.freePercent < least?.freePercent ?? .infinity { least = found }
      }
      guard let least else { return .pass }
      let values = ["free_bytes": Double(least.freeBytes), "free_percent": least.freePercent]
      let text = "\((least.freePercent * 10).rounded() / 10) % of a disk is free"
      if least.freePercent < fullPercent { return Sighting(read: .warn(text), write: .fail(text), values: values) }
      return Sighting(read: least.freePercent < Double(warnPercent) ? .warn(text) : .pass, values: values)
    }
  }

  /// Asks the system, on a thread of its own: a network disk may hang in it.
  static func space(of path: String) async throws -> Space {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        do {
          let found = try FileManager.default.attributesOfFileSystem(forPath: path)
          let free = (found[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
          let total = (found[.systemSize] as? NSNumber)?.int64Value ?? 0
          continuation.resume(returning: Space(freeBytes: free, totalBytes: total))
        } catch {
          // The system's own text names the path.
          continuation.resume(throwing: DiskFailure())
        }
      }
    }
  }

  private struct DiskFailure: Error, CustomStringConvertible {
    let description = "the free space of a disk cannot be told"
  }
}
