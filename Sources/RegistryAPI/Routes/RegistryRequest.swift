import HTTPTypes
import Shared

/// A request whose path, query and sender are known and allowed.
struct RegistryRequest {
  let method: HTTPRequest.Method
  let query: QueryParameters
  let headers: HTTPFields
  let principal: Principal
  let reader: RequestBodyReader

  /// Whether only the head of the answer is wanted.
  var isHead: Bool { method == .head }
}
