internal import Glibc
internal import SharedModel

/// Lists the regular files below a folder in the bytewise order of their paths, a page at a time.
///
/// Memory holds one page's names for each level of folders, however many files there are. A folder's place in the order is
/// that of its name with a slash: `a-b` comes before `a/b`. Names that are no UTF-8 and symbolic links are passed over: no
/// key of ours can name them.
struct FileWalk {
  /// The most files to find.
  let limit: Int
  /// Only files whose path follows this one are found.
  let after: String?
  private(set) var files: [ListedObject] = []

  /// A walk that finds the first `limit` files after `after`.
  init(limit: Int, after: String?) {
    self.limit = limit
    self.after = after
  }

  /// Adds the files below `folder`, whose path is `path`: empty, or with a slash at its end.
  ///
  /// `isHidden` says which of the folder's own entries are not looked at.
  mutating func visit(
    _ folder: OpenFile, path: String, isHidden: (String) -> Bool = { _ in false }
  ) throws(FileFailure) {
    var last: String?
    while files.count < limit {
      let page = try entries(of: folder, path: path, after: last, isHidden: isHidden)
      for (entry, isFolder) in page where files.count < limit {
        do throws(FileFailure) {
          try take(entry, isFolder: isFolder, in: folder, path: path)
        } catch {
          // Deleted since its name was read, or replaced by something else.
          guard error.isMissing else { throw error }
        }
      }
      guard page.count == limit else { return }
      last = page.last?.name
    }
  }

  private mutating func take(
    _ entry: String, isFolder: Bool, in folder: OpenFile, path: String
  ) throws(FileFailure) {
    if isFolder {
      try visit(try folder.folder(String(entry.dropLast())), path: path + entry)
    } else if let status = try folder.status(of: entry), status.isFile {
      files.append(
        ListedObject(name: path + entry, sizeBytes: status.sizeBytes, modifiedAtMs: status.modifiedAtMs))
    }
  }

  /// The first entries of a folder that may hold files after `after`, from `last` on; folders with a slash at their end.
  private func entries(
    of folder: OpenFile, path: String, after last: String?, isHidden: (String) -> Bool
  ) throws(FileFailure) -> [(name: String, value: Bool)] {
    var smallest = SmallestNames<Bool>(limit: limit)
    try folder.forEachEntry { (name, kind) throws(FileFailure) in
      guard let name, !isHidden(name) else { return }
      let isFolder: Bool
      if let kind { isFolder = kind } else { isFolder = try folder.status(of: name)?.isFolder ?? false }
      let entry = isFolder ? name + "/" : name
      if let last, !last.utf8.lexicographicallyPrecedes(entry.utf8) { return }
      guard mayFollow(path + entry, isFolder: isFolder) else { return }
      smallest.insert(entry, isFolder)
    }
    return smallest.inOrder()
  }

  private func mayFollow(_ path: String, isFolder: Bool) -> Bool {
    guard let after else { return true }
    return after.utf8.lexicographicallyPrecedes(path.utf8) || (isFolder && after.utf8.starts(with: path.utf8))
  }
}

/// What a file system says of an entry.
struct FileStatus: Sendable, Hashable {
  let isFile: Bool
  let isFolder: Bool
  let sizeBytes: Int64
  /// Milliseconds since the epoch.
  let modifiedAtMs: Int64
}

extension OpenFile {
  /// What is at `name` in this folder, not following a link; nil where nothing is.
  func status(of name: String) throws(FileFailure) -> FileStatus? {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      guard errno == ENOENT else { throw FileFailure(errno) }
      return nil
    }
    let kind = status.st_mode & S_IFMT
    return FileStatus(
      isFile: kind == S_IFREG, isFolder: kind == S_IFDIR, sizeBytes: Int64(status.st_size),
      modifiedAtMs: Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
  }

  /// Calls `body` with every entry: its name, nil where that is no UTF-8, and whether it is a folder where the file system
  /// says so without being asked again.
  func forEachEntry(_ body: (String?, Bool?) throws(FileFailure) -> Void) throws(FileFailure) {
    let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0 else { throw FileFailure(errno) }
    guard let stream = fdopendir(own) else {
      let failure = FileFailure(errno)
      Glibc.close(own)
      throw failure
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(validatingCString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      let kind = Int32(entry.pointee.d_type)
      try body(name, kind == Int32(DT_UNKNOWN) ? nil : kind == Int32(DT_DIR))
    }
  }
}
