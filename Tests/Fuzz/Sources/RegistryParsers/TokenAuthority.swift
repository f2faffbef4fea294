/// Stands for the issuer of tokens, whose file needs the signing library; only its refusals are used here.
enum TokenAuthority {
  enum Refusal: Error {
    case malformed
  }
}
