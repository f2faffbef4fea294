import Testing

@testable import SharedHealth

@Suite("Instants in answers and certificates are read strictly")
struct HTTPInstantTests {
  @Test func datesOfAnswers() {
    #expect(HTTPInstant.seconds(ofDate: "Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    #expect(HTTPInstant.seconds(ofDate: "Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(HTTPInstant.seconds(ofDate: "Thu, 29 Feb 2024 23:59:59 GMT") == 1_709_251_199)
    for text in [
      "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 25:49:37 GMT",
    ] {
      #expect(HTTPInstant.seconds(ofDate: text) == nil)
    }
  }

  @Test func endsOfCertificates() {
    #expect(HTTPInstant.seconds(ofCertificate: "Nov 21 23:37:53 2026 GMT") == 1_795_304_273)
    #expect(HTTPInstant.seconds(ofCertificate: "Dec  1 00:00:00 2026 GMT") == 1_796_083_200)
    #expect(HTTPInstant.seconds(ofCertificate: "2026-11-21") == nil)
  }
}
