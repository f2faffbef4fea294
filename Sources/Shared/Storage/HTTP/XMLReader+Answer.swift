internal import HTTPTransport

extension XMLReader {
  /// The root of an answer's document; throws `invalidResponse` where it is none of at most `limitBytes`.
  static func read(
    _ response: HTTPTransportResponse, limitBytes: Int = maximumBytes
  ) async throws(StorageError) -> XMLElement {
    let bytes: [UInt8]
    do {
      bytes = try await response.body.collect(upTo: limitBytes)
    } catch {
      throw TransferFailure.error(error)
    }
    do {
      return try parse(bytes, limitBytes: limitBytes)
    } catch {
      throw .invalidResponse(detail: "XML: \(error)")
    }
  }
}
