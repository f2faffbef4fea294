private import Glibc

/// An IPv4 or IPv6 address, and whether a program that was given a URL may connect to it.
package struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes in network order.
  package let bytes: [UInt8]

  /// Takes the bytes of an address; nil unless there are 4 or 16.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads an address in dotted or colon form, an IPv6 one with or without brackets; nil for anything else.
  package init?(parsing text: some StringProtocol) {
    var literal = String(text)
    if literal.hasPrefix("["), literal.hasSuffix("]") { literal = String(literal.dropFirst().dropLast()) }
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, literal, &v4) == 1 {
      bytes = withUnsafeBytes(of: &v4) { Array($0) }
    } else if inet_pton(AF_INET6, literal, &v6) == 1 {
      bytes = withUnsafeBytes(of: &v6) { Array($0) }
    } else {
      return nil
    }
  }

  /// Why nothing may be sent to an address.
  package enum Danger: Sendable, Hashable {
    /// An address of the machine's own link, where clouds answer with a machine's credentials (security rule 15).
    case linkLocal
    /// An address that is no single host's: unspecified, multicast or reserved.
    case noHost
  }

  /// What is dangerous about the address; nil where nothing is.
  ///
  /// An IPv4 address within an IPv6 one (mapped, compatible, NAT64, 6to4) counts as itself.
  package var danger: Danger? {
    if bytes.count == 4 { return Self.danger(ofIPv4: bytes) }
    if let embedded { return Self.danger(ofIPv4: embedded) }
    if bytes.allSatisfy({ $0 == 0 }) || bytes[0] == 0xff { return .noHost }
    if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 { return .linkLocal }
    return Self.metadata.contains(bytes) ? .linkLocal : nil
  }

  package var description: String {
    if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
    return stride(from: 0, to: 16, by: 2)
      .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
  }

  private var embedded: [UInt8]? {
    let zeros = [UInt8](repeating: 0, count: 10)
    if bytes.starts(with: zeros + [0xff, 0xff]) { return Array(bytes[12...]) }
    if bytes.starts(with: [0x00, 0x64, 0xff, 0x9b] + [UInt8](repeating: 0, count: 8)) { return Array(bytes[12...]) }
    if bytes.starts(with: [0x20, 0x02]) { return Array(bytes[2..<6]) }
    // Of the compatible form, which nobody uses, all but `::` and `::1`.
    let isCompatible =
      bytes.starts(with: zeros + [0, 0]) && bytes[12...] != [0, 0, 0, 0] && bytes[12...] != [0, 0, 0, 1]
    return isCompatible ? Array(bytes[12...]) : nil
  }

  private static func danger(ofIPv4 bytes: [UInt8]) -> Danger? {
    switch (bytes[0], bytes[1]) {
    case (169, 254): .linkLocal
    case (0, _), (224..., _): .noHost
    // Where two clouds answer with a machine's credentials, outside of 169.254.0.0/16.
    default: bytes == [100, 100, 100, 200] || bytes == [192, 0, 0, 192] ? .linkLocal : nil
    }
  }

  /// The IPv6 addresses at which clouds answer with a machine's credentials.
  private static let metadata: Set<[UInt8]> = Set(
    ["fd00:ec2::254", "fd20:ce::254"].compactMap { NetworkAddress(parsing: $0)?.bytes })
}
