import SharedModel
import SharedQueue

/// Reading the model's values from rows; a stored value the model refuses throws `invalidRow`.
extension SQLRow {
  func digest(_ index: Int) throws(CatalogError) -> Digest {
    let text = try text(index)
    do { return try Digest(parsing: text) } catch { throw .invalidRow(detail: error.description) }
  }

  func location(_ index: Int) throws(CatalogError) -> LocationID {
    let text = try text(index)
    do { return try LocationID(parsing: text) } catch { throw .invalidRow(detail: error.description) }
  }

  func key(_ index: Int) throws(CatalogError) -> ObjectKey {
    let text = try text(index)
    do { return try ObjectKey(parsing: text) } catch { throw .invalidRow(detail: error.description) }
  }

  func region(_ index: Int) throws(CatalogError) -> RegionName {
    let text = try text(index)
    do { return try RegionName(parsing: text) } catch { throw .invalidRow(detail: error.description) }
  }

  func tag(_ index: Int) throws(CatalogError) -> TagName {
    let text = try text(index)
    do { return try TagName(parsing: text) } catch { throw .invalidRow(detail: error.description) }
  }

  func repositoryName(_ index: Int) throws(CatalogError) -> RepositoryName {
    let text = try text(index)
    do { return try RepositoryName(parsing: text) } catch { throw .invalidRow(detail: error.description) }
  }

  func identifier(_ index: Int) throws(CatalogError) -> RandomIdentifier {
    guard let value = RandomIdentifier(parsing: try text(index)) else {
      throw .invalidRow(detail: "column \(index) is not an identifier")
    }
    return value
  }

  func lane(_ index: Int) throws(CatalogError) -> Lane {
    guard let lane = Lane(rank: try integer(index)) else { throw .invalidRow(detail: "an unknown lane") }
    return lane
  }

  func count(_ index: Int) throws(CatalogError) -> Int {
    guard let value = Int(exactly: try integer(index)) else { throw .invalidRow(detail: "a number out of range") }
    return value
  }

  /// The announcement in three columns from `index` on: job, target, lane.
  func announcement(from index: Int) throws(CatalogError) -> JobAnnouncement {
    JobAnnouncement(
      id: JobID(rawValue: try integer(index)), target: try location(index + 1), lane: try lane(index + 2))
  }

  /// The placement in three columns from `index` on (location, key, state), or nil where the location is null.
  func placement(from index: Int) throws(CatalogError) -> Placement? {
    if try isNull(index) { return nil }
    guard let state = Placement.State(rawValue: try text(index + 2)) else {
      throw .invalidRow(detail: "an unknown placement state")
    }
    return Placement(location: try location(index), key: try key(index + 1), state: state)
  }
}

extension [SQLRow] {
  /// The announcements of rows of job, target and lane.
  func announcements() throws(CatalogError) -> [JobAnnouncement] {
    try map { (row) throws(CatalogError) in try row.announcement(from: 0) }
  }
}
