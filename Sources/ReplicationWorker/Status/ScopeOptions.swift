import ArgumentParser
import Shared

/// Which part of the registry `status` is asked of; of all of it where none is given.
struct ScopeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only the blobs of this namespace's repositories.", valueName: "namespace"))
  var namespace: String?

  @Option(help: ArgumentHelp("Only the blobs of this repository, with its tags.", valueName: "repository"))
  var repository: String?

  @Option(
    help: ArgumentHelp(
      "Only the blobs of this image, an index with everything below it.", valueName: "repository:tag|repository@digest")
  )
  var image: String?

  mutating func validate() throws {
    guard [namespace, repository, image].compactMap({ $0 }).count <= 1 else {
      throw ValidationError("give one of --namespace, --repository and --image")
    }
    do { _ = try scope() } catch { throw ValidationError("\(error)") }
  }

  /// What is asked of.
  enum Scope: Sendable, Equatable {
    case namespace(String)
    case repository(RepositoryName)
    case image(RepositoryName, Reference)
  }

  /// The scope, or nil for the whole registry; throws where a name is none.
  func scope() throws -> Scope? {
    if let namespace {
      guard let name = try Self.name(namespace), name.namespace == namespace else {
        throw StartupError.wrongUse("'\(Excerpt(namespace))' is no namespace")
      }
      return .namespace(namespace)
    }
    if let repository { return try Self.name(repository).map(Scope.repository) }
    guard let image else { return nil }
    let parts = Self.split(image)
    guard let parts, let name = try Self.name(parts.name) else {
      throw StartupError.wrongUse("'\(Excerpt(image))' is neither REPOSITORY:TAG nor REPOSITORY@DIGEST")
    }
    return .image(name, try Reference(parsing: parts.reference))
  }

  private static func name(_ text: String) throws -> RepositoryName? { try RepositoryName(parsing: text) }

  /// At the first `@`, else at the last colon.
  private static func split(_ text: String) -> (name: String, reference: String)? {
    guard let mark = text.firstIndex(of: "@") ?? text.lastIndex(of: ":") else { return nil }
    return (String(text[..<mark]), String(text[text.index(after: mark)...]))
  }
}
