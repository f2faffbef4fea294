import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// A whole answer, encoded once and sent as often as it is asked for.
struct Answer: Sendable {
  let code: Int
  let body: ByteBuffer
  /// All fields but `Connection`, which is the connection's business.
  let fields: HTTPHeaders

  /// Encodes an answer; nobody may keep it (`no-store`): a health answer is only good at the moment it is given.
  init(code: Int, body: [UInt8], mediaType: String, date: String) {
    self.code = code
    self.body = ByteBuffer(bytes: body)
    fields = [
      "Content-Type": mediaType, "Content-Length": String(body.count), "Cache-Control": "no-store",
      "Vary": "Accept, Authorization", "X-Content-Type-Options": "nosniff", "Date": date,
    ]
  }

  /// One line of text.
  init(code: Int, line: String, date: String) {
    self.init(code: code, body: Array("\(line)\n".utf8), mediaType: "text/plain; charset=utf-8", date: date)
  }

  /// The answer for the slower way over Hummingbird, which adds the date itself.
  func response(isHead: Bool) -> Response {
    var headers = HTTPFields()
    for (name, value) in fields {
      guard name != "Date", let name = HTTPField.Name(name) else { continue }
      headers[name] = value
    }
    return Response(
      status: .init(code: code), headers: headers, body: isHead ? .init() : .init(byteBuffer: body))
  }
}
