import HTTPTypes
import Logging
import Shared

/// Answers requests to one upload session: PATCH, PUT, GET and DELETE, on whichever instance they arrive (R2).
struct UploadContinuation: Sendable {
  let services: RegistryServices

  /// PATCH: appends a chunk, or a stream without `Content-Range`.
  func append(_ request: RegistryRequest, repository: RepositoryName, id: UploadID?) async throws -> Answer {
    let range = try request.headers[.contentRange].map { header throws(OCIFailure) in try ContentRange(header: header) }
    return try await withLocked(id, repository, request.principal) { writer in
      try position(request.reader, range: range, session: writer.session)
      do {
        try await writer.append(request.reader)
      } catch let failure as BodyFailure {
        if case .tooLarge = failure { await end(writer.session, token: writer.token) }
        throw failure
      }
      return UploadAnswers.progress(
        .accepted, repository: repository, id: writer.session.id, offset: writer.session.offsetBytes)
    }
  }

  /// PUT: ends the upload, with or without last bytes.
  func finish(_ request: RegistryRequest, repository: RepositoryName, id: UploadID?) async throws -> Answer {
    guard let id else { throw Self.unknown }
    let digest = try UploadParameters.digest(request.query["digest"])
    do {
      return try await finish(request, repository: repository, id: id, digest: digest)
    } catch let failure as OCIFailure where failure.isUnknownUpload {
      // A client whose 201 was lost ends its upload again; nothing else is told about sessions that are gone.
      guard
        try await services.catalog.hasFinishedUpload(
          id, in: repository, principal: request.principal.name, digest: digest)
      else { throw failure }
      return UploadAnswers.created(repository: repository, digest: digest)
    }
  }

  /// Ends the upload as the blob `digest`.
  func finish(
    _ request: RegistryRequest, repository: RepositoryName, id: UploadID?, digest: Digest
  ) async throws -> Answer {
    let range = try request.headers[.contentRange].map { header throws(OCIFailure) in try ContentRange(header: header) }
    return try await withLocked(id, repository, request.principal) { writer in
      // A range beside an empty body says nothing that could be checked against bytes (docker sends none).
      if !request.reader.isAtEnd { try position(request.reader, range: range, session: writer.session) }
      do {
        let object = try await writer.finish(request.reader, digest: digest)
        try await BlobCommitter(services: services).commit(
          object, digest: digest, repository: writer.session.repository,
          upload: .init(id: writer.session.id, token: writer.token))
        if let tail = writer.session.tail, tail.key != object.key {
          services.deletions.schedule(.object(tail.key), at: object.location)
        }
        services.metrics.upload(.finished)
        return UploadAnswers.created(repository: repository, digest: digest)
      } catch {
        // Bytes that are not the client's blob are of no further use; distribution ends the session here as well.
        if Self.isWrongContent(error) { await end(writer.session, token: writer.token) }
        throw error
      }
    }
  }

  /// GET: where the upload stands, without disturbing whoever writes to it.
  func status(_ request: RegistryRequest, repository: RepositoryName, id: UploadID?) async throws -> Answer {
    guard let id,
      let session = try await services.catalog.upload(id, in: repository, principal: request.principal.name)
    else { throw Self.unknown }
    return UploadAnswers.progress(.noContent, repository: repository, id: id, offset: session.offsetBytes)
  }

  /// DELETE: gives the upload up.
  func cancel(_ request: RegistryRequest, repository: RepositoryName, id: UploadID?) async throws -> Answer {
    try await withLocked(id, repository, request.principal) { writer in
      await end(writer.session, token: writer.token)
      return Answer(.noContent)
    }
  }
}

extension UploadContinuation {
  /// Runs `body` as the session's only writer.
  ///
  /// Throws 404 where the session is not this repository's and principal's, the same as for one that never was
  /// (security rule 4), and 416 where another request is writing (wire check 74).
  private func withLocked(
    _ id: UploadID?, _ repository: RepositoryName, _ principal: Principal,
    _ body: (inout UploadWriter) async throws -> Answer
  ) async throws -> Answer {
    guard let id else { throw Self.unknown }
    let token = RandomIdentifier()
    let lock = try await services.catalog.lockUpload(
      id, in: repository, principal: principal.name, token: token, lease: UploadLease.duration)
    switch lock {
    case .unknown: throw Self.unknown
    case .busy: throw OCIFailure(.rangeInvalid, "another request is writing to this upload")
    case .locked(let session):
      let lease = UploadLease(catalog: services.catalog, id: id, token: token, logger: services.logger)
      return try await services.metrics.whileUploading {
        try await lease.whileHeld {
          var writer = UploadWriter(
            session: session, token: token, store: try services.store(of: session.location),
            elsewhere: session.isEmpty ? services.otherPushStores(than: session.location) : [],
            catalog: services.catalog, room: services.room, deletions: services.deletions)
          return try await body(&writer)
        }
      }
    }
  }

  /// Checks where the bytes belong and how many may come.
  private func position(
    _ reader: RequestBodyReader, range: ContentRange?, session: UploadSession
  ) throws {
    try range?.check(offset: session.offsetBytes, announcedBytes: reader.announcedBytes)
    try reader.limit(to: max(services.settings.maximumLayerBytes - session.offsetBytes, 0))
  }

  /// Removes the session; what it left in its store is on record, and deleted now where that works.
  private func end(_ session: UploadSession, token: RandomIdentifier) async {
    do {
      guard try await services.catalog.deleteUpload(session.id, token: token) else { return }
    } catch {
      // It expires by itself; the answer the client gets does not depend on it.
      services.logger.info("an upload session was not removed", metadata: ["error": "\(error)"])
      return
    }
    services.metrics.upload(.givenUp)
    services.deletions.schedule(.object(session.key), at: session.location)
    if let tail = session.tail { services.deletions.schedule(.object(tail.key), at: session.location) }
    if let multipart = session.multipartID {
      services.deletions.schedule(.multipart(MultipartUpload(key: session.key, id: multipart)), at: session.location)
    }
  }

  private static func isWrongContent(_ error: any Error) -> Bool {
    switch error {
    case let failure as OCIFailure: failure.entries.contains { $0.code == .digestInvalid }
    case let failure as VerificationFailure:
      if case .digest = failure { true } else { false }
    default: false
    }
  }

  private static let unknown = OCIFailure(.blobUploadUnknown, "upload unknown")
}

extension OCIFailure {
  fileprivate var isUnknownUpload: Bool { entries.contains { $0.code == .blobUploadUnknown } }
}
