import Foundation

/// What the kernel says about files of this process and names in a folder.
enum OpenDescriptors {
  /// What every open descriptor refers to.
  static func targets() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { name in
      // A descriptor may be closed by another test between the listing and the look at it.
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
    }
  }

  /// The names in a folder.
  static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }
}
