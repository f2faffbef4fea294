/// Who looks at the page.
struct PageAudience: Sendable, Hashable {
  /// Logged in as a superuser: may drain, retry and verify.
  let isOperator: Bool
  /// May read reasons, names of blobs and of workers; everybody may see states and counts.
  let seesDetails: Bool

  /// Somebody who has not logged in.
  static let anybody = PageAudience(isOperator: false, seesDetails: false)
  /// A superuser.
  static let superuser = PageAudience(isOperator: true, seesDetails: true)
}
