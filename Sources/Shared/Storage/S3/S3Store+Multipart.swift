internal import HTTPTransport
package import SharedModel

extension S3Store {
  /// Not made again after a failure that may have left an upload behind: each repetition could leave one more.
  package func beginMultipart(
    _ key: ObjectKey, attributes: ObjectAttributes
  ) async throws(StorageError) -> MultipartUpload {
    let call = S3Call(
      method: "POST", key: key, query: [("uploads", "")], headers: client.headers(attributes))
    var mayHaveBegun = false
    return try await retry.run { _ throws(StorageError) in
      mayHaveBegun = true
      let answer: XMLElement
      do throws(StorageError) {
        answer = try await client.sendForXML(call, root: "InitiateMultipartUploadResult") { failure in
          mayHaveBegun = failure.requestMayHaveBeenSent
        }
      } catch {
        switch error {
        case .slowDown, .unavailable(status: 503, _, _): mayHaveBegun = false
        default: break
        }
        throw error
      }
      guard let id = answer["UploadId"], MultipartUpload.isIdentifier(id) else {
        throw .invalidResponse(detail: "no upload id")
      }
      return MultipartUpload(key: key, id: id)
    } retrying: { error in
      error.mayPassSoon && !mayHaveBegun
    }
  }

  package func uploadPart(
    _ upload: MultipartUpload, number: Int, slices: [[UInt8]], sha256: Digest?
  ) async throws(StorageError) -> UploadedPart {
    let size = try checkedPartSize(slices.totalBytes, number: number)
    var call = S3Call.multipart("PUT", upload, part: number, weight: .streaming)
    call.bodyHash = Self.bodyHash(sha256)
    return try await retry.run { [call] _ throws(StorageError) in
      let response = try await client.send(call, body: .slices(slices))
      let tag = try Self.tag(response.headers["etag"])
      response.body.discard()
      return UploadedPart(number: number, sizeBytes: size, tag: tag)
    }
  }

  package func copyPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    let size = try checkedPartSize(sizeBytes, number: number)
    guard client.connection.copiesParts else {
      return try await passPart(upload, number: number, from: source, sizeBytes: size)
    }
    var call = S3Call.multipart("PUT", upload, part: number, weight: .heavy)
    let path = "/\(PercentEncoding.path(client.connection.bucket))/\(PercentEncoding.path(source.description))"
    call.headers.append(("x-amz-copy-source", path))
    call.source = source
    return try await retry.run { [call] _ throws(StorageError) in
      let answer = try await client.sendForXML(call, root: "CopyPartResult")
      return UploadedPart(number: number, sizeBytes: size, tag: try Self.tag(answer["ETag"]))
    }
  }

  package func completeMultipart(
    _ upload: MultipartUpload, parts: [UploadedPart], sizeBytes: Int64
  ) async throws(StorageError) -> StoredObject {
    try MultipartRules.check(parts, sizeBytes: sizeBytes)
    let call = S3Call.multipart("POST", upload, weight: .heavy)
    let body = Self.completion(parts)
    let resolved = try await retry.run { _ throws(StorageError) -> StoredObject? in
      do throws(StorageError) {
        _ = try await client.sendForXML(call, body: .bytes(body), root: "CompleteMultipartUploadResult")
        return nil
      } catch {
        // An earlier try may have succeeded without our hearing of it: then the upload is gone and the object is there.
        guard error.mayPassSoon || error == .uploadMissing(upload) else { throw error }
        guard let object = try await head(upload.key), object.sizeBytes == sizeBytes else {
          if case .unavailable = error { try await confirmExists(upload) }
          throw error
        }
        return object
      }
    }
    if let resolved { return resolved }
    guard let object = try await head(upload.key) else {
      throw .invalidResponse(detail: "completed, but there is no object")
    }
    guard object.sizeBytes == sizeBytes else {
      throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: object.sizeBytes)
    }
    return object
  }

  package func abortMultipart(_ upload: MultipartUpload) async throws(StorageError) {
    do {
      try await retry.run { _ throws(StorageError) in
        try await client.send(.multipart("DELETE", upload)).body.discard()
      }
    } catch {
      guard case .uploadMissing = error else { throw error }
    }
  }

  /// Throws `uploadMissing` where the store does not know the upload.
  ///
  /// radosgw 16 answers a completion of an unknown upload with 500 InternalError, which alone would be tried again.
  private func confirmExists(_ upload: MultipartUpload) async throws(StorageError) {
    var call = S3Call.multipart("GET", upload)
    call.query.append(("max-parts", "1"))
    _ = try await client.sendForXML(call, root: "ListPartsResult")
  }

  private func checkedPartSize(_ sizeBytes: Int64, number: Int) throws(StorageError) -> Int64 {
    guard sizeBytes <= partLimits.maximumPartBytes else { throw .tooLarge(limitBytes: partLimits.maximumPartBytes) }
    guard (1...partLimits.maximumParts).contains(number) else { throw .refused(status: 0, code: "InvalidPartNumber") }
    return sizeBytes
  }

  static func tag(_ text: String?) throws(StorageError) -> String {
    guard let text, (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw .invalidResponse(detail: "no ETag")
    }
    return text
  }

  /// The body of CompleteMultipartUpload.
  private static func completion(_ parts: [UploadedPart]) -> [UInt8] {
    var text = "<CompleteMultipartUpload>"
    for part in parts {
      text += "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(escaped(part.tag))</ETag></Part>"
    }
    return Array((text + "</CompleteMultipartUpload>").utf8)
  }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: String(character)
      }
    }.joined()
  }
}
