import Shared

/// Fetches one part, in one range or in several at once, each with a slot of the link.
///
/// Slots are asked for in the order of the parts, so the part everything waits for is the first to be complete.
struct PartFetch: Sendable {
  let context: CopyContext
  let job: ReplicationJob
  let reader: SourceReader

  private enum Outcome: Sendable {
    case read(Int, [[UInt8]])
    case stopped(CopyStop)
  }

  /// The part's bytes as the chunks they came in; throws why the copy must stop.
  ///
  /// The first range that cannot be read ends the others.
  func run(_ part: CopyPart) async throws(CopyStop) -> [[UInt8]] {
    guard let source = reader.board.candidates.first?.location else { throw .sources(nil) }
    let link = context.links.link(from: source, to: job.target)
    let ranges = link.ranges(of: part.range)
    guard ranges.count > 1 else { return try await read(part.range, link) }
    let pieces = await withTaskGroup(of: Outcome.self, returning: Result<[[[UInt8]]], CopyStop>.self) { group in
      for (index, range) in ranges.enumerated() {
        group.addTask {
          do throws(CopyStop) {
            return .read(index, try await read(range, link))
          } catch {
            return .stopped(error)
          }
        }
      }
      var pieces = [[[UInt8]]](repeating: [], count: ranges.count)
      var stop: CopyStop?
      for await outcome in group {
        switch outcome {
        case .read(let index, let chunks): pieces[index] = chunks
        case .stopped(let reason):
          // The others then end as cancelled, which is not the reason.
          guard stop == nil else { continue }
          stop = reason
          group.cancelAll()
        }
      }
      return stop.map { .failure($0) } ?? .success(pieces)
    }
    return try pieces.get().flatMap { $0 }
  }

  private func read(_ range: ByteRange, _ link: CopyLink) async throws(CopyStop) -> [[UInt8]] {
    let slot: LinkSlot
    do {
      slot = try await link.enter()
    } catch {
      throw .cancelled
    }
    defer { slot.release() }
    let read = try await reader.read(range)
    slot.transferred(range.count)
    return read.chunks
  }
}
