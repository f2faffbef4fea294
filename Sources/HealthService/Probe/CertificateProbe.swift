import Shared

/// The probe of the certificates that this region's listeners show to clients and balancers.
enum CertificateProbe {
  private static let day: Int64 = 86_400

  /// Builds the probe of the listeners at these base URLs; nil where none of them speaks TLS. `nowSeconds` is since the
  /// epoch.
  static func make(
    urls: [String], http: PlainHTTP, warnDays: Int, interval: Duration = .seconds(60),
    deadline: Duration = .seconds(8), nowSeconds: @escaping @Sendable () -> Int64
  ) -> Probe? {
    let secure = urls.filter { $0.hasPrefix("https://") }
    guard !secure.isEmpty else { return nil }
    return Probe(target: .certificate, interval: interval, deadline: deadline, thresholds: .init(rise: 1, fall: 2)) {
      var ends: Int64?
      for url in secure {
        do throws(PlainHTTPError) {
          guard let end = try await http.send("GET", url + "/livez", within: deadline).certificateEndsAt else {
            continue
          }
          ends = min(end, ends ?? end)
        } catch {
          // Whether the listener answers at all is the canary's business.
          if error == .certificateExpired { return .fail("\(error)") }
        }
      }
      guard let ends else { return Sighting(read: .warn("no certificate was shown")) }
      return sighting(endsAt: ends, nowSeconds: nowSeconds(), warnDays: warnDays)
    }
  }

  /// What a certificate's end means at an instant.
  static func sighting(endsAt: Int64, nowSeconds: Int64, warnDays: Int) -> Sighting {
    let (left, overflows) = endsAt.subtractingReportingOverflow(nowSeconds)
    let days = overflows ? 0 : left / day
    let values = ["days_left": Double(days)]
    if overflows || left <= 0 { return Sighting(read: .fail("a certificate has expired"), values: values) }
    guard days < Int64(warnDays) else { return Sighting(read: .pass, values: values) }
    return Sighting(read: .warn("a certificate expires in \(days) days"), values: values)
  }
}
