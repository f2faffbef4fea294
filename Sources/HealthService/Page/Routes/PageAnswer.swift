import HTTPTypes

/// An answer of the page, with the header fields that keep everything foreign out of it.
struct PageAnswer: Sendable {
  var status: HTTPResponse.Status
  var fields: HTTPFields
  var body: [UInt8]

  /// Nothing but what this server sends is loaded, run or sent to; no page may frame it.
  private static let policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    + "base-uri 'none'; frame-ancestors 'none'"

  /// A page of its own; never kept by anybody, because the next look may be another one's.
  static func html(_ status: HTTPResponse.Status, _ body: [UInt8]) -> PageAnswer {
    var answer = PageAnswer(status: status, fields: common, body: body)
    answer.fields[.contentType] = "text/html; charset=utf-8"
    answer.fields[.cacheControl] = "no-store"
    answer.fields[.vary] = "Cookie"
    return answer
  }

  /// A file that is part of the program; its address changes with it.
  static func file(_ body: [UInt8], type: String) -> PageAnswer {
    var answer = PageAnswer(status: .ok, fields: common, body: body)
    answer.fields[.contentType] = type
    answer.fields[.cacheControl] = "public, max-age=86400"
    return answer
  }

  /// Sends the browser on with GET.
  static func redirect(to path: String) -> PageAnswer {
    var answer = PageAnswer(status: .seeOther, fields: common, body: [])
    answer.fields[.location] = path
    answer.fields[.cacheControl] = "no-store"
    return answer
  }

  private static let common: HTTPFields = {
    var fields = HTTPFields()
    fields[.contentSecurityPolicy] = policy
    fields[.xContentTypeOptions] = "nosniff"
    // Not "no-referrer": with it, browsers send the forms of this page with the origin "null".
    let others = [
      ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"), ("Permissions-Policy", "interest-cohort=()"),
    ]
    for (name, value) in others {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    return fields
  }()
}
