/// One of the answers that can be asked for, in one form and for one kind of reader.
struct AnswerKey: Sendable, Hashable {
  let endpoint: HealthEndpoint
  let format: HealthFormat
  /// Whether the reader may see reasons in words and what is known of other locations.
  let showsDetails: Bool
}
