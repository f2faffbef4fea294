import Shared
import Testing

@Suite("Superusers")
struct SuperuserDirectoryTests {
  @Test("log in with their name and the one password, and only so")
  func accepts() {
    let directory = SuperuserDirectory(names: ["admin", "root"], password: Secret("pa:ss wörd"))
    #expect(directory.accepts(user: "admin", password: Secret("pa:ss wörd")))
    for (user, password) in [("nobody", "pa:ss wörd"), ("admin", ""), ("admin", "pa:ss word"), ("", "pa:ss wörd")] {
      #expect(!directory.accepts(user: user, password: Secret(password)), "\(user) \(password)")
    }
    #expect(directory.isOpenToSomebody && directory.knows("root") && !directory.knows("nobody"))
  }

  @Test("are nobody without a password or without names")
  func nobody() {
    for directory in [
      SuperuserDirectory(names: ["a"], password: nil), SuperuserDirectory(names: ["a"], password: Secret("")),
      SuperuserDirectory(names: [], password: Secret("long enough")),
    ] {
      #expect(!directory.isOpenToSomebody && !directory.accepts(user: "a", password: Secret("")))
    }
  }

  @Test("name and password come from a Basic header, split at the first colon")
  func basic() {
    guard case .basic("admin", let password)? = Credentials(header: "bAsIc YWRtaW46cGE6c3M=") else {
      Issue.record("not read")
      return
    }
    #expect(password.revealed == "pa:ss")
    for header in ["Basic", "Basic !!!", "Basic YWRtaW4=", "Digest YWRtaW46cGE6c3M=", "Basic AGE6Yg=="] {
      #expect(Credentials(header: header) == nil, "\(header)")
    }
    #expect(Credentials(header: "Basic " + String(repeating: "A", count: 1 << 20)) == nil)
  }
}
