import HTTPTypes

/// The page's two cookies: who is logged in, and what the last action came to.
enum SessionCookie {
  static let session = "meridian_session"
  static let note = "meridian_note"

  /// The field that sets a cookie; scripts cannot read it and other sites' requests do not carry it.
  ///
  /// `isSecure` binds it to https; behind a proxy that ends TLS, `X-Forwarded-Proto` says so. Believing that field is
  /// safe: it only ever makes the cookie stricter.
  static func setting(_ name: String, to value: String, maxAge: Int64, isSecure: Bool) -> HTTPField {
    let secure = isSecure ? "; Secure" : ""
    return HTTPField(
      name: .setCookie,
      value: "\(name)=\(value); Path=/; Max-Age=\(maxAge); HttpOnly; SameSite=Strict\(secure)")
  }

  /// The field that takes a cookie back.
  static func clearing(_ name: String, isSecure: Bool) -> HTTPField {
    setting(name, to: "", maxAge: 0, isSecure: isSecure)
  }
}

extension PageRequest {
  /// Whether the browser speaks https, by what the proxy in front says.
  var isSecure: Bool {
    guard let name = HTTPField.Name("X-Forwarded-Proto") else { return false }
    return fields[name]?.lowercased() == "https"
  }
}
