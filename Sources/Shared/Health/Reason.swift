/// One reason for a judgement: a code for scripts and a line for people.
package struct Reason: Sendable, Codable, Hashable {
  package let code: ReasonCode
  /// The component's name (`storage:usstorage`), nil where the reason is not one component.
  package let component: String?
  /// One line; never holds a host, a key, a URL or a credential.
  package let text: String

  /// States a reason.
  package init(code: ReasonCode, component: String? = nil, text: String) {
    self.code = code
    self.component = component
    self.text = text
  }
}
