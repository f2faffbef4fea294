import Logging
import Shared

/// What the tasks of one copy report to the task that drives it.
enum PartEvent: Sendable {
  case admitted(CopyPart, CopyReservation)
  case fetched(CopyPart, [[UInt8]])
  /// The hash of the whole so far, and the part's own where its upload carries one.
  case hashed(Int, ContentHasher, Digest?)
  case confirmed(UploadedPart)
  /// Nil where the catalog could not be reached.
  case saved(holdsLease: Bool?)
  case stopped(CopyStop)
}

/// Drives one run of a `PartsCopy`: does what its `PartWindow` says may be done and tells it what came of it.
///
/// Owned by one task. Every wait is in a child task, so nothing here ever blocks: one for each part's admission, fetching
/// and upload, one for the hash, one for the checkpoint.
struct PartsDrive {
  private struct Held {
    let part: CopyPart
    let memory: CopyReservation
    var chunks: [[UInt8]] = []
  }

  private let copy: PartsCopy
  private let upload: MultipartUpload
  /// Whether each upload carries the part's own hash; that is made together with the hash of the whole, in one pass.
  private let hashesBodies: Bool
  private var window: PartWindow
  private var held: [Int: Held] = [:]

  private var context: CopyContext { copy.context }
  private var job: ReplicationJob { copy.job }

  init(copy: PartsCopy, start: PartsCopy.Start) {
    self.copy = copy
    upload = start.upload
    window = start.window
    hashesBodies = copy.context.policy.hashesBodies(to: copy.context.target)
  }

  /// Runs to the end and returns all parts, or why it stopped; every child task has ended by then.
  mutating func run(_ group: inout TaskGroup<PartEvent>) async -> Result<[UploadedPart], CopyStop> {
    var stop: CopyStop?
    while stop == nil {
      // Also where a checkpoint holds everything already.
      stop = verdict()
      guard stop == nil, !window.isFinished else { break }
      startWhatMay(&group)
      guard let event = await group.next() else { break }
      stop = take(event, &group)
    }
    guard let stop = stop ?? (window.isFinished ? nil : .cancelled) else { return .success(window.parts) }
    group.cancelAll()
    for await event in group { note(event) }
    for part in held.values { part.memory.release() }
    held = [:]
    await keepProgress(after: stop)
    return .failure(stop)
  }

  /// Stops the copy where all bytes are in the hash and the hash is another.
  private func verdict() -> CopyStop? {
    guard window.isHashed else { return nil }
    let digest = window.hasher.digest()
    return digest == job.digest ? nil : .mismatch(.digest(expected: job.digest, actual: digest))
  }

  private mutating func startWhatMay(_ group: inout TaskGroup<PartEvent>) {
    if let number = window.hashNext(), let chunks = held[number]?.chunks { hash(number, chunks, &group) }
    if let point = window.saveNext() { save(point, &group) }
    if let part = window.admitNext() { admit(part, &group) }
  }

  /// Takes an event in and starts what follows from it alone; returns why the copy must stop, if it must.
  private mutating func take(_ event: PartEvent, _ group: inout TaskGroup<PartEvent>) -> CopyStop? {
    switch event {
    case .admitted(let part, let memory):
      held[part.number] = Held(part: part, memory: memory)
      window.beginFetching(part.number)
      fetch(part, &group)
    case .fetched(let part, let chunks):
      held[part.number]?.chunks = chunks
      window.fetched(part.number)
      if !hashesBodies { send(part, chunks, nil, &group) }
    case .hashed(let number, _, let digest):
      note(event)
      if let digest, let held = held[number] { send(held.part, held.chunks, digest, &group) }
    case .confirmed:
      note(event)
    case .saved(let holdsLease):
      note(event)
      if holdsLease == false { return .leaseLost }
    case .stopped(let stop):
      return stop
    }
    return nil
  }

  /// Takes in what a task has achieved, without starting anything.
  private mutating func note(_ event: PartEvent) {
    switch event {
    case .hashed(let number, let hasher, _):
      if window.hashed(number, hasher) { release(number) }
    case .confirmed(let part):
      if window.confirmed(part) { release(part.number) }
    case .saved(let holdsLease):
      window.endSave(succeeded: holdsLease == true)
    case .admitted(_, let memory):
      memory.release()
    case .fetched, .stopped:
      break
    }
  }

  private mutating func release(_ number: Int) {
    held.removeValue(forKey: number)?.memory.release()
  }

  /// Makes durable what was confirmed since the last save, so that no later attempt reads it again.
  private mutating func keepProgress(after stop: CopyStop) async {
    switch stop {
    case .leaseLost, .mismatch, .checkpointUseless: return
    case .sources, .target, .records, .cancelled: break
    }
    guard let point = window.saveNext() else { return }
    let copy = self.copy
    // In a task of its own, for this one may be cancelled.
    await Task { _ = await copy.save(point) }.value
  }
}

// MARK: - Child tasks

extension PartsDrive {
  /// Waits for memory.
  private func admit(_ part: CopyPart, _ group: inout TaskGroup<PartEvent>) {
    let memory = context.memory
    group.addTask {
      do throws(StorageError) {
        return .admitted(part, try await memory.reserve(part.sizeBytes, for: .large))
      } catch {
        return .stopped(error == .cancelled ? .cancelled : .target(error))
      }
    }
  }

  private func fetch(_ part: CopyPart, _ group: inout TaskGroup<PartEvent>) {
    let fetch = PartFetch(context: context, job: job, reader: copy.reader)
    group.addTask {
      do throws(CopyStop) {
        return .fetched(part, try await fetch.run(part))
      } catch {
        return .stopped(error)
      }
    }
  }

  private func send(
    _ part: CopyPart, _ chunks: [[UInt8]], _ digest: Digest?, _ group: inout TaskGroup<PartEvent>
  ) {
    let (copy, upload) = (copy, upload)
    group.addTask {
      do throws(StorageError) {
        return .confirmed(try await copy.send(part, chunks, digest, to: upload))
      } catch {
        return .stopped(copy.stop(for: error))
      }
    }
  }

  private func hash(_ number: Int, _ chunks: [[UInt8]], _ group: inout TaskGroup<PartEvent>) {
    let (start, hashesBodies) = (window.hasher, hashesBodies)
    group.addTask {
      var hasher = start
      guard hashesBodies else {
        for chunk in chunks { hasher.update(chunk) }
        return .hashed(number, hasher, nil)
      }
      var own = ContentHasher(algorithm: .sha256)
      for chunk in chunks { hasher.update(chunk, with: &own) }
      return .hashed(number, hasher, own.digest())
    }
  }

  private func save(_ point: PartWindow.SavePoint, _ group: inout TaskGroup<PartEvent>) {
    let copy = self.copy
    group.addTask { .saved(holdsLease: await copy.save(point)) }
  }
}

extension PartsCopy {
  /// Uploads one part, with its own hash where that is wanted.
  fileprivate func send(
    _ part: CopyPart, _ chunks: [[UInt8]], _ digest: Digest?, to upload: MultipartUpload
  ) async throws(StorageError) -> UploadedPart {
    do {
      let confirmed = try await context.target.uploadPart(upload, number: part.number, slices: chunks, sha256: digest)
      context.limits.breakers.record(job.target, nil)
      return confirmed
    } catch {
      context.limits.breakers.record(job.target, error)
      if let source = reader.board.candidates.first?.location {
        context.links.link(from: source, to: job.target).failed(error)
      }
      throw error
    }
  }

  /// Writes progress to the catalog; whether the lease holds, or nil where the catalog could not be reached.
  fileprivate func save(_ point: PartWindow.SavePoint) async -> Bool? {
    do {
      return try await context.records.advanceCheckpoint(
        of: job, adding: point.parts.map { UploadPartRecord(number: $0.number, sizeBytes: $0.sizeBytes, tag: $0.tag) },
        offsetBytes: point.offsetBytes, hashState: point.hasher.savedState())
    } catch {
      // The copy goes on: the next save makes up for this one, and the completion needs the catalog anyway.
      context.logger.debug(
        "a checkpoint could not be written", metadata: ["job": "\(job.id.rawValue)", "error": "\(error)"])
      return nil
    }
  }
}
