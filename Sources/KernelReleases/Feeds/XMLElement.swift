/// An element of a feed in XML, with what is inside it.
package struct XMLElement: Sendable, Equatable {
  /// Without the prefix of its namespace.
  package let name: String
  /// The address of its namespace; empty where it has none.
  package let namespace: String
  /// By their names without prefixes.
  package let attributes: [String: String]
  /// In order.
  package let children: [XMLElement]
  /// The text directly inside it and inside its children, in order.
  package let text: String

  package init(
    name: String, namespace: String = "", attributes: [String: String] = [:], children: [XMLElement] = [],
    text: String = ""
  ) {
    self.name = name
    self.namespace = namespace
    self.attributes = attributes
    self.children = children
    self.text = text
  }

  /// Reads one document.
  /// - Throws: ``XMLError``
  package static func parse(_ bytes: [UInt8]) throws(XMLError) -> XMLElement {
    throw XMLError(line: 1, column: 1, problem: "XML is not read yet")
  }
}

/// Why a text is no XML document that is read here, and where.
package struct XMLError: Error, Equatable {
  /// Counted from 1.
  package let line: Int
  /// In bytes, counted from 1.
  package let column: Int
  /// What is wrong there, in words.
  package let problem: String

  /// What was found, as a sentence without its subject.
  package var finding: String { "the XML is broken at line \(line), column \(column): \(problem)" }
}
