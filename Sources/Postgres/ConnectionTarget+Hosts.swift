extension ConnectionTarget {
  /// Whether only a server that takes writes will do.
  var wantsPrimary: Bool {
    settings["target_session_attrs"] == "read-write" || settings["target_session_attrs"] == "primary"
  }

  /// One target for each host, in the order of the URI; only this one where there is one host, or where libpq has to
  /// see all of them at once (`prefer-standby` is a wish about the whole list).
  var perHost: [ConnectionTarget] {
    let count = hosts.count
    guard count > 1, settings["target_session_attrs"] != "prefer-standby" else { return [self] }
    return (0..<count).map { only(host: $0, of: count) }
  }

  /// The target with the host at `position` of `count` alone; a list as long as the hosts' gives its own element.
  private func only(host position: Int, of count: Int) -> ConnectionTarget {
    var single = self
    for keyword in ["host", "hostaddr", "port"] {
      let list = Self.list(settings[keyword])
      guard list.count == count, list.indices.contains(position) else { continue }
      // An empty element means libpq's default, as in a list.
      single.settings[keyword] = list[position].isEmpty ? nil : list[position]
    }
    return single
  }
}
