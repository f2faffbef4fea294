import Shared

extension OCIFailure {
  /// Stands for the mapping of the main package, whose file needs the whole server; only the kind of answer matters.
  init(mapping error: ModelError) {
    switch error {
    case .invalidDigest(let text): self.init(.digestInvalid, error.description, detail: text.description)
    case .invalidRepositoryName(let text): self.init(.nameInvalid, "invalid repository name", detail: text.description)
    default: self.init(.manifestInvalid, error.description)
    }
  }
}
