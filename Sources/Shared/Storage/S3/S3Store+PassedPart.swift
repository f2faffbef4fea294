internal import HTTPTransport
internal import SharedModel

extension S3Store {
  /// Makes a part of the object at `source` where the service has no UploadPartCopy (Google's XML API): its bytes are
  /// read and sent on as they come, so memory stays flat.
  func passPart(
    _ upload: MultipartUpload, number: Int, from source: ObjectKey, sizeBytes: Int64
  ) async throws(StorageError) -> UploadedPart {
    let call = S3Call.multipart("PUT", upload, part: number, weight: .streaming)
    return try await retry.run { _ throws(StorageError) in
      let body = try await open(source, range: nil)
      guard body.objectSizeBytes == sizeBytes else {
        throw .sizeMismatch(expectedBytes: sizeBytes, actualBytes: body.objectSizeBytes)
      }
      let sending = try await client.startUpload(call, sizeBytes: sizeBytes)
      do throws(StorageError) {
        let response = try await pass(body, to: sending)
        let tag = try Self.tag(try await client.checkedUpload(response, call).headers["etag"])
        response.body.discard()
        return UploadedPart(number: number, sizeBytes: sizeBytes, tag: tag)
      } catch {
        sending.abort()
        throw error
      }
    }
  }

  private func pass(_ body: ObjectBody, to sending: HTTPUpload) async throws(StorageError) -> HTTPTransportResponse {
    var chunks = body.makeAsyncIterator()
    while let chunk = try await chunks.next() {
      do {
        try await sending.write(chunk)
      } catch .responseArrivedEarly {
        // The answer says why.
        break
      } catch {
        throw TransferFailure.error(error)
      }
    }
    do { return try await sending.finish() } catch { throw TransferFailure.error(error) }
  }
}
