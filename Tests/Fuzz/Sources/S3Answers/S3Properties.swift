internal import FuzzProperties

/// What must hold of the XML an S3 store answers with.
package enum S3Properties {
  /// An accepted document holds no document type, is within its bounds, and survives being written out again.
  package static func answer(_ bytes: [UInt8]) {
    // Why a document is refused does not matter here.
    guard let root = try? XMLReader.parse(bytes) else { return }
    let size = measure(root)
    require(size.depth <= 16, "no deeper than the bound")
    require(size.textBytes <= bytes.count, "nothing expands")
    require(size.elements <= bytes.count / 4, "every element was written out")
    var text = ""
    write(root, to: &text)
    require((try? XMLReader.parse(Array(text.utf8))) == root, "a document survives being written")
    let body = bytes.starts(with: "<?xml".utf8) ? bytes.drop { $0 != UInt8(ascii: ">") } : bytes[...]
    let markup = zip(body, body.dropFirst()).contains { $0 == (UInt8(ascii: "<"), UInt8(ascii: "!")) }
    require(!markup || !bytes.starts(with: "<".utf8), "no document type, comment or CDATA section is accepted")
  }

  private static func measure(_ element: XMLElement) -> (depth: Int, elements: Int, textBytes: Int) {
    require(!element.name.isEmpty && !element.name.contains(":"), "names have no prefix and are not empty")
    var total = (depth: 1, elements: 1, textBytes: element.text.utf8.count)
    for child in element.children {
      let inner = measure(child)
      total.depth = max(total.depth, 1 + inner.depth)
      total.elements += inner.elements
      total.textBytes += inner.textBytes
    }
    return total
  }

  private static func write(_ element: XMLElement, to text: inout String) {
    text += "<\(element.name)>"
    for scalar in element.text.unicodeScalars {
      switch scalar {
      case "<": text += "&lt;"
      case "&": text += "&amp;"
      default: text.unicodeScalars.append(scalar)
      }
    }
    for child in element.children { write(child, to: &text) }
    text += "</\(element.name)>"
  }
}
