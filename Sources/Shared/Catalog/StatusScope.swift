package import SharedModel

/// What a status is asked of: the blobs of a namespace, of a repository, or of one image with all it refers to.
package enum StatusScope: Sendable, Hashable {
  /// All repositories whose first component this is.
  case namespace(String)
  case repository(RepositoryName)
  /// A manifest and, for an index, every manifest below it.
  case image(RepositoryName, Digest)

  /// The most links from repositories or manifests to blobs that one status looks at, so that its time is bounded; a
  /// status that has reached it says that it is not complete.
  package static let maximumLinks = 400_000

  /// The namespace whose rules on locations apply.
  package var namespace: String {
    switch self {
    case .namespace(let name): name
    case .repository(let name), .image(let name, _): name.namespace
    }
  }

  /// WITH clauses that end in `scope (blob)`, each blob once; the first two parameters are the scope's.
  var clauses: String {
    let links =
      switch self {
      case .namespace:
        """
        links AS (
          SELECT l.blob FROM repositories r JOIN repository_blobs l ON l.repository = r.id
          WHERE \(Self.inNamespace("r", parameter: 1)) AND CAST($2 AS TEXT) IS NULL LIMIT \(Self.maximumLinks)
        )
        """
      case .repository:
        """
        links AS (
          SELECT l.blob FROM repositories r JOIN repository_blobs l ON l.repository = r.id
          WHERE r.name = $1 AND CAST($2 AS TEXT) IS NULL LIMIT \(Self.maximumLinks)
        )
        """
      case .image:
        """
        tree (manifest) AS (\(Self.tree)), links AS (
          SELECT l.blob FROM tree JOIN manifest_blobs l ON l.manifest = tree.manifest LIMIT \(Self.maximumLinks)
        )
        """
      }
    return "\(links), scope AS (SELECT DISTINCT blob FROM links)"
  }

  var parameters: [SQLValue] {
    switch self {
    case .namespace(let name): [.text(name), .null]
    case .repository(let name): [.text(name.description), .null]
    case .image(let name, let digest): [.text(name.description), .text(digest.description)]
    }
  }

  /// The manifest of parameters 1 (repository) and 2 (digest) and all below it, each once whatever refers to what.
  static let tree = """
    SELECT m.id FROM manifests m JOIN repositories r ON r.id = m.repository WHERE r.name = $1 AND m.digest = $2
    UNION SELECT c.child FROM tree JOIN manifest_children c ON c.manifest = tree.manifest
    """

  /// A condition: the repository `alias` is of the namespace bound as `parameter`; found by the index of names, in
  /// which `0` is what follows `/`.
  static func inNamespace(_ alias: String, parameter: Int) -> String {
    let name = "CAST($\(parameter) AS TEXT)"
    return "(\(alias).name = \(name) OR (\(alias).name > \(name) || '/' AND \(alias).name < \(name) || '0'))"
  }
}
