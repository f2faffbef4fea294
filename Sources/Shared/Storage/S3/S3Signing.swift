private import Synchronization

/// The signer of the moment: for the credentials in force and the region the bucket turned out to be in.
final class S3Signing: Sendable {
  private struct State {
    var region: String
    /// The last one made, for its derived key.
    var signer: SigningV4?
  }

  private let keeper: CredentialsKeeper
  private let state: Mutex<State>

  init(_ keeper: CredentialsKeeper, region: String) {
    self.keeper = keeper
    state = Mutex(State(region: region))
  }

  /// Signs the next request; waits only where there are no good credentials.
  func current() async throws(StorageError) -> SigningV4 { signer(for: try await keeper.current()) }

  /// Signs without waiting, with credentials good for `seconds` more; nil where there are none at hand.
  func ready(forSeconds seconds: Int64) -> SigningV4? { keeper.ready(forSeconds: seconds).map { signer(for: $0) } }

  /// Another signer after a store has refused what `used` signed: newer credentials, or the region the store named.
  ///
  /// Nil where there is nothing else to try; asked once for each request, so that nothing goes round in circles.
  func another(after error: StorageError, than used: SigningV4) async -> SigningV4? {
    switch error {
    case .wrongRegion(let region, isHere: true) where region != used.region:
      state.withLock { $0.region = region }
      return signer(for: used.credentials)
    case .accessDenied(let code) where Self.speaksOfCredentials(code):
      return await keeper.replacement(for: used.credentials).map { signer(for: $0) }
    case .refused(status: 400, code: "HTTP400"):
      // A HEAD's answer has no body and so no code.
      return await keeper.replacement(for: used.credentials).map { signer(for: $0) }
    default: return nil
    }
  }

  /// Whether a refusal may be of the credentials' age rather than of what was asked for.
  private static func speaksOfCredentials(_ code: String) -> Bool {
    ["ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch", "HTTP403"]
      .contains(code)
  }

  private func signer(for credentials: StoreCredentials) -> SigningV4 {
    state.withLock { state in
      if let signer = state.signer, signer.credentials == credentials, signer.region == state.region { return signer }
      let signer = SigningV4(credentials: credentials, region: state.region)
      state.signer = signer
      return signer
    }
  }
}
