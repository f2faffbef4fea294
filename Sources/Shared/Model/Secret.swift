/// A password, key or token that no log line, error message or dump shows.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The value itself; name this property only where it goes on the wire or into a comparison.
  package let revealed: String

  /// Wraps a value.
  package init(_ value: String) { revealed = value }

  package var description: String { "<secret>" }
  package var debugDescription: String { "<secret>" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
