import CLibCurl

/// Reading a transfer's figures from its easy handle.
extension UnsafeMutableRawPointer {
  /// A `curl_off_t` figure; zero if libcurl does not know it.
  func offset(_ info: CURLINFO) -> Int64 {
    var value: curl_off_t = 0
    return mt_curl_read_offset(self, info, &value) == CURLE_OK ? Int64(value) : 0
  }

  /// A `long` figure; zero if libcurl does not know it.
  func long(_ info: CURLINFO) -> Int64 {
    var value = 0
    return mt_curl_read_long(self, info, &value) == CURLE_OK ? Int64(value) : 0
  }

  /// The phase times so far.
  var timings: HTTPTransferTimings {
    HTTPTransferTimings(
      nameLookup: .microseconds(offset(CURLINFO_NAMELOOKUP_TIME_T)),
      connect: .microseconds(offset(CURLINFO_CONNECT_TIME_T)),
      tls: .microseconds(offset(CURLINFO_APPCONNECT_TIME_T)),
      firstByte: .microseconds(offset(CURLINFO_STARTTRANSFER_TIME_T)),
      newConnections: Int(clamping: long(CURLINFO_NUM_CONNECTS)))
  }

  /// When the peer's certificate ends, as libcurl writes it; nil without TLS, on a kept connection, and where it was not
  /// asked for.
  var certificateExpiry: String? {
    mt_curl_certificate_field(self, "Expire date:").map { String(cString: $0) }
  }
}
