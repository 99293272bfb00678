import CLateLibraries
import Glibc

/// Makes an ``XMLDocument`` of bytes with expat, within limits that keep every input of a feed's size harmless.
enum XMLParser {
  /// Elements inside each other.
  static let deepest = 64
  /// Between two tags, and of one attribute; in bytes of UTF-8.
  static let longestText = 1 << 20
  static let mostElements = 100_000
  static let mostAttributes = 100_000
  /// All text, and all values of attributes; in bytes of UTF-8.
  static let mostText = 6 << 20
  /// Of one element, one attribute or one namespace, in bytes. expat writes the address of its namespace in front of each
  /// name, so that a long one would cost time with each element.
  static let longestName = 1024
  /// Names that differ.
  static let mostNames = 10_000
  /// What expat itself may take: it holds a tag or a comment in whole.
  static let mostMemory = 14 << 20

  static func parse(_ bytes: [UInt8], charset: String?) throws(XMLError) -> XMLDocument {
    let (detected, markLength) = TextEncoding.detect(bytes)
    var warnings: [String] = []
    let encoding: TextEncoding
    if let detected {
      encoding = detected
    } else {
      encoding = try self.encoding(of: bytes, charset: charset, warnings: &warnings)
    }
    // expat takes no white space before the declaration; feeds have it.
    var body = bytes[markLength...]
    let width = encoding == .utf16LittleEndian || encoding == .utf16BigEndian ? 2 : 1
    var skipped = (lines: 0, columns: 0)
    while body.count >= width, let space = space(body, encoding) {
      skipped = space == 0x0A ? (skipped.lines + 1, 0) : (skipped.lines, skipped.columns + 1)
      body = body.dropFirst(width)
    }

    guard let parser = toolbox_expat_create(mostMemory) else {
      let problem = toolbox_late_library_problem(toolbox_libexpat).map { String(cString: $0) }
      throw XMLError(line: 0, column: 0, problem: problem ?? "there is not enough memory")
    }
    defer { XML_ParserFree(parser) }
    let builder = XMLBuilder(parser: parser)
    var isAccepted = true
    var bytesBefore = 0
    var lastPiece: [UInt8] = []
    let isReplaced = withExtendedLifetime(builder) {
      builder.attach()
      let isReplaced = encoding.decode(body) { piece in
        isAccepted = feed(piece, to: parser, isFinal: false)
        if isAccepted { bytesBefore += piece.count } else { lastPiece = copy piece }
        return isAccepted
      }
      if isAccepted { isAccepted = feed([], to: parser, isFinal: true) }
      return isReplaced
    }
    guard isAccepted, builder.failure == nil else {
      let offset = Int(XML_GetCurrentByteIndex(parser)) - bytesBefore
      let byte = lastPiece.indices.contains(offset) ? lastPiece[offset] : nil
      let error =
        builder.failure ?? XMLError(at: parser, problem: problem(XML_GetErrorCode(parser), byte: byte))
      throw XMLError(
        line: error.line + skipped.lines, column: error.line == 1 ? error.column + skipped.columns : error.column,
        problem: error.problem)
    }
    if isReplaced { warnings.append("it holds bytes that are no text in its encoding; they became U+FFFD") }
    if encoding == .ascii, body.contains(where: { $0 >= 0x80 }) {
      warnings.append("it calls itself ASCII and holds other bytes; it was read as UTF-8")
    }
    return builder.document(warnings: warnings)
  }

  private static func feed(_ piece: [UInt8], to parser: XML_Parser, isFinal: Bool) -> Bool {
    piece.withUnsafeBytes { buffer in
      XML_Parse(parser, buffer.bindMemory(to: CChar.self).baseAddress, Int32(buffer.count), isFinal ? 1 : 0)
        == XML_STATUS_OK
    }
  }

  /// The white space character that a text begins with.
  private static func space(_ text: ArraySlice<UInt8>, _ encoding: TextEncoding) -> UInt8? {
    let start = text.startIndex
    let byte =
      switch encoding {
      case .utf16LittleEndian: text[start + 1] == 0 ? text[start] : 0
      case .utf16BigEndian: text[start] == 0 ? text[start + 1] : 0
      default: text[start]
      }
    return [0x20, 0x09, 0x0A, 0x0D].contains(byte) ? byte : nil
  }

  /// The encoding that the XML declaration names, or the Content-Type field, or UTF-8.
  private static func encoding(
    of bytes: [UInt8], charset: String?, warnings: inout [String]
  ) throws(XMLError) -> TextEncoding {
    let declared = declaredEncoding(bytes)
    guard let name = declared ?? charset, !name.isEmpty else { return .utf8 }
    guard let encoding = TextEncoding(name: name) else {
      // The field is set by servers that know nothing of the file; the declaration by who wrote it.
      if declared == nil {
        warnings.append("the charset \"\(name.prefix(40))\" of its server is not known here; it was read as UTF-8")
        return .utf8
      }
      throw XMLError(line: 1, column: 1, problem: "the encoding \"\(name.prefix(40))\" is not read here")
    }
    if encoding == .utf16BigEndian || encoding == .utf16LittleEndian {
      warnings.append("it calls itself \(name.prefix(40)) and is not; it was read as UTF-8")
      return .utf8
    }
    return encoding
  }

  /// What stands behind `encoding=` in `<?xml ... ?>`.
  private static func declaredEncoding(_ bytes: [UInt8]) -> String? {
    let start = bytes.prefix(4096).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard start.starts(with: Array("<?xml".utf8)) else { return nil }
    let declaration = String(decoding: start.prefix { $0 != 0x3E }, as: UTF8.self)
    guard let key = declaration.firstRange(of: "encoding") else { return nil }
    var rest = declaration[key.upperBound...].drop { $0.isWhitespace }
    guard rest.first == "=" else { return nil }
    rest = rest.dropFirst().drop { $0.isWhitespace }
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    return String(rest.dropFirst().prefix { $0 != quote })
  }

  /// What expat did not like, in words.
  private static func problem(_ code: XML_Error, byte: UInt8?) -> String {
    switch code {
    case XML_ERROR_NO_ELEMENTS, XML_ERROR_UNCLOSED_TOKEN, XML_ERROR_PARTIAL_CHAR, XML_ERROR_UNCLOSED_CDATA_SECTION:
      "it ends before it is complete"
    case XML_ERROR_INVALID_TOKEN where byte == 0: "a NUL byte"
    case XML_ERROR_INVALID_TOKEN where byte.map { $0 < 0x20 } ?? false: "a control character"
    case XML_ERROR_INVALID_TOKEN: "a character or a tag that cannot stand there"
    case XML_ERROR_TAG_MISMATCH: "an end tag of another element"
    case XML_ERROR_DUPLICATE_ATTRIBUTE: "an attribute that stands there twice"
    case XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "more text behind the document"
    case XML_ERROR_UNDEFINED_ENTITY: "an entity that is not defined"
    case XML_ERROR_UNBOUND_PREFIX: "a prefix whose namespace is not declared"
    case XML_ERROR_BAD_CHAR_REF: "the number of a character that does not exist"
    case XML_ERROR_NO_MEMORY: "it needs more memory than any feed"
    default: XML_ErrorString(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }
  }
}

extension XMLError {
  /// At the place that expat has come to.
  fileprivate init(at parser: XML_Parser, problem: String) {
    self.init(
      line: Int(XML_GetCurrentLineNumber(parser)), column: Int(XML_GetCurrentColumnNumber(parser)) + 1,
      problem: problem)
  }
}

/// Takes what expat finds. A class, since expat's callbacks get a pointer to it.
private final class XMLBuilder {
  private let parser: XML_Parser
  private var nodes: [XMLDocument.Node] = []
  private var names: [String] = [""]
  private var numbers: [String: Int32] = ["": 0]
  private var text: [UInt8] = []
  private var attributes: [XMLDocument.Attribute] = []
  private var values: [UInt8] = []
  private var open: [Int] = []
  /// Since the last tag.
  private var textLength = 0
  /// Why the document is refused; the first reason counts.
  private(set) var failure: XMLError?

  init(parser: XML_Parser) { self.parser = parser }

  /// Sets the callbacks. The builder has to outlive the parser's work.
  func attach() {
    XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    XML_SetElementHandler(
      parser,
      { context, name, attributes in
        guard let name, let attributes else { return }
        XMLBuilder.from(context)?.start(name, attributes)
      }, { context, _ in XMLBuilder.from(context)?.end() })
    XML_SetCharacterDataHandler(parser) { context, start, count in
      guard let start, count > 0 else { return }
      XMLBuilder.from(context)?.append(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }
    XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
      XMLBuilder.from(context)?.fail("a document type (DOCTYPE), which no feed needs")
    }
    XML_SetStartNamespaceDeclHandler(parser) { context, _, address in
      guard let address, strnlen(address, XMLParser.longestName + 1) > XMLParser.longestName else { return }
      XMLBuilder.from(context)?.fail("the address of a namespace is longer than \(XMLParser.longestName) bytes")
    }
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> XMLBuilder? {
    guard let context else { return nil }
    let builder = Unmanaged<XMLBuilder>.fromOpaque(context).takeUnretainedValue()
    // expat may have more to tell after it was stopped.
    return builder.failure == nil ? builder : nil
  }

  private func fail(_ reason: String) {
    failure = XMLError(at: parser, problem: reason)
    XML_StopParser(parser, 0)
  }

  private func start(_ name: UnsafePointer<CChar>, _ list: UnsafeMutablePointer<UnsafePointer<CChar>?>) {
    guard open.count < XMLParser.deepest else {
      return fail("elements inside each other more than \(XMLParser.deepest) times")
    }
    guard nodes.count < XMLParser.mostElements else { return fail("more than \(XMLParser.mostElements) elements") }
    textLength = 0
    guard let (namespace, local) = number(of: name) else { return }
    open.append(nodes.count)
    let place = Int32(text.count)
    nodes.append(
      XMLDocument.Node(
        name: local, namespace: namespace, firstAttribute: Int32(attributes.count), end: 0, textStart: place,
        textEnd: place))
    var index = 0
    while let name = list[index], let value = list[index + 1] {
      index += 2
      guard attributes.count < XMLParser.mostAttributes else {
        return fail("more than \(XMLParser.mostAttributes) attributes")
      }
      guard let (_, local) = number(of: name) else { return }
      let start = values.count
      let count = strlen(value)
      guard count <= XMLParser.longestText else { return fail("an attribute longer than 1 MiB") }
      guard start + count <= XMLParser.mostText else { return fail("more text than in any feed") }
      values.append(contentsOf: UnsafeRawBufferPointer(start: value, count: count))
      attributes.append(XMLDocument.Attribute(name: local, start: Int32(start), end: Int32(values.count)))
    }
  }

  private func end() {
    guard let index = open.popLast() else { return }
    textLength = 0
    nodes[index].end = Int32(nodes.count)
    nodes[index].textEnd = Int32(text.count)
  }

  private func append(_ piece: UnsafeRawBufferPointer) {
    textLength += piece.count
    guard textLength <= XMLParser.longestText else { return fail("a text longer than 1 MiB") }
    guard text.count + piece.count <= XMLParser.mostText else { return fail("more text than in any feed") }
    text.append(contentsOf: piece)
  }

  /// The numbers of a namespace and of a local name, which expat gives as one text; nil when that was too much.
  private func number(of name: UnsafePointer<CChar>) -> (namespace: Int32, local: Int32)? {
    let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
    guard let separator = bytes.firstIndex(of: UInt8(toolbox_expat_separator.rawValue)) else {
      return number(of: bytes[...]).map { (0, $0) }
    }
    guard let namespace = number(of: bytes[..<separator]), let local = number(of: bytes[(separator + 1)...]) else {
      return nil
    }
    return (namespace, local)
  }

  private func number(of name: Slice<UnsafeRawBufferPointer>) -> Int32? {
    guard name.count <= XMLParser.longestName else {
      fail("a name longer than \(XMLParser.longestName) bytes")
      return nil
    }
    let name = String(decoding: name, as: UTF8.self)
    if let number = numbers[name] { return number }
    guard names.count < XMLParser.mostNames else {
      fail("more different names than in any feed")
      return nil
    }
    let number = Int32(names.count)
    names.append(name)
    numbers[name] = number
    return number
  }

  func document(warnings: [String]) -> XMLDocument {
    XMLDocument(
      nodes: nodes, names: names, text: text, attributes: attributes, values: values, warnings: warnings)
  }
}
