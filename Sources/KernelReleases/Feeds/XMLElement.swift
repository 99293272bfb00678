/// An element of a feed in XML, with what is inside it.
///
/// The document is kept flat, in a few arrays that all its elements share; an element is a place in them. What a property
/// gives is made when it is asked for.
package struct XMLElement: Sendable {
  private let document: XMLDocument
  private let index: Int

  init(document: XMLDocument, index: Int) {
    self.document = document
    self.index = index
  }

  private var node: XMLDocument.Node { document.nodes[index] }

  /// Without the prefix of its namespace.
  package var name: String { document.names[Int(node.name)] }

  /// The address of its namespace; empty where it has none.
  package var namespace: String { document.names[Int(node.namespace)] }

  /// By their names without prefixes; of those that then have one name the last counts.
  package var attributes: [String: String] {
    var result: [String: String] = [:]
    for attribute in document.attributes(of: index) {
      result[document.names[Int(attribute.name)]] = document.value(of: attribute)
    }
    return result
  }

  /// The elements directly inside it, in order.
  package var children: [XMLElement] {
    var result: [XMLElement] = []
    var child = index + 1
    while child < Int(node.end) {
      result.append(XMLElement(document: document, index: child))
      child = Int(document.nodes[child].end)
    }
    return result
  }

  /// The text directly inside it and inside its children, in order, as it stands there.
  package var text: String { text(upTo: Int.max) }

  /// The beginning of ``text``; at most so many bytes, and a character that is cut there is U+FFFD.
  package func text(upTo most: Int) -> String { utf8(upTo: most).text }

  /// The same in UTF-8.
  func utf8(upTo most: Int) -> ArraySlice<UInt8> {
    document.text[Int(node.textStart)..<Int(node.textEnd)].prefix(most)
  }

  /// The first element directly inside it that has this name; nil where there is none.
  package func child(_ name: String) -> XMLElement? {
    var child = index + 1
    while child < Int(node.end) {
      if document.names[Int(document.nodes[child].name)] == name {
        return XMLElement(document: document, index: child)
      }
      child = Int(document.nodes[child].end)
    }
    return nil
  }

  /// What is odd about the whole document, in words.
  package var documentWarnings: [String] { document.warnings }

  /// Reads one document.
  ///
  /// Not read, and refused with its place: a document type (so that there are no entities but the five of XML and characters
  /// by number), more than 64 elements inside each other, a text between two tags of more than 1 MiB, more than 100,000
  /// elements, and what would need more memory than any feed. Comments and processing instructions are skipped.
  ///
  /// The encoding is told by a byte order mark, then the XML declaration, then `charset`, then it is UTF-8. Bytes that are no
  /// text in it become U+FFFD, and bytes above 127 in what calls itself ASCII are read as UTF-8; both are marked by a
  /// warning.
  /// - Parameter charset: the charset of the Content-Type field.
  /// - Throws: ``XMLError``
  package static func parse(_ bytes: [UInt8], charset: String? = nil) throws(XMLError) -> XMLElement {
    XMLElement(document: try XMLParser.parse(bytes, charset: charset), index: 0)
  }
}

extension XMLElement: Equatable {
  package static func == (left: Self, right: Self) -> Bool {
    left.name == right.name && left.namespace == right.namespace && left.attributes == right.attributes
      && left.text == right.text && left.children == right.children
  }
}

/// Why a text is no XML document that is read here, and where.
package struct XMLError: Error, Equatable {
  /// Counted from 1; 0 where nothing was read, for want of the library or of memory.
  package let line: Int
  /// In characters, counted from 1.
  package let column: Int
  /// What is wrong there, in words.
  package let problem: String

  /// What was found, as a sentence without its subject.
  package var finding: String {
    line == 0
      ? "it is XML, which cannot be read here: \(problem)"
      : "the XML is broken at line \(line), column \(column): \(problem)"
  }
}

/// A parsed document: its elements in the order of their start tags, the first one holding all others.
final class XMLDocument: Sendable {
  struct Node: Sendable {
    /// Numbers in `names`.
    let name: Int32
    let namespace: Int32
    /// The index in `attributes` of the first one; those of the next element follow.
    let firstAttribute: Int32
    /// The index behind the last element inside this one.
    var end: Int32
    /// The bytes of `text` that are inside it.
    let textStart: Int32
    var textEnd: Int32
  }

  struct Attribute: Sendable {
    /// A number in `names`.
    let name: Int32
    /// The bytes of `values`.
    let start: Int32
    let end: Int32
  }

  let nodes: [Node]
  let names: [String]
  let text: [UInt8]
  let attributes: [Attribute]
  let values: [UInt8]
  let warnings: [String]

  init(
    nodes: [Node], names: [String], text: [UInt8], attributes: [Attribute], values: [UInt8], warnings: [String]
  ) {
    self.nodes = nodes
    self.names = names
    self.text = text
    self.attributes = attributes
    self.values = values
    self.warnings = warnings
  }

  func attributes(of index: Int) -> ArraySlice<Attribute> {
    let end = index + 1 < nodes.count ? Int(nodes[index + 1].firstAttribute) : attributes.count
    return attributes[Int(nodes[index].firstAttribute)..<end]
  }

  func value(of attribute: Attribute) -> String {
    String(decoding: values[Int(attribute.start)..<Int(attribute.end)], as: UTF8.self)
  }
}
