import HostSystem

/// What a value is before it is text.
extension JSONText {
  enum Node {
    /// `null`, `true`, a number: as it is written.
    case literal(String)
    case string(String)
    case object(ObjectNode)
    case array(ArrayNode)
    /// Of `superEncoder()`: what it holds when the document is written.
    case later(TreeEncoder)
    /// An object of plain values, in the order of the document.
    case flat([(key: StaticString, value: FlatValue)])
    /// Elements of an array that are complete, as text.
    case written([UInt8])
  }

  final class ObjectNode {
    /// In the order of their coming; of members with one key the last one counts.
    var members: [(key: String, value: Node)] = []
    /// How many containers are around it.
    let depth: Int

    init(depth: Int) {
      self.depth = depth
      members.reserveCapacity(12)
    }
  }

  final class ArrayNode {
    var elements: [Node] = []
    /// How many elements there are; ``elements`` holds several of them as one text.
    var count = 0
    let depth: Int
    /// Complete elements that are not in ``elements`` yet.
    var writer: Writer

    init(depth: Int, isPretty: Bool) {
      self.depth = depth
      writer = Writer(isPretty: isPretty)
    }

    /// An element that does not change any more becomes text at once: a long list is then never held as a tree.
    func append(_ node: Node) {
      writer.writeElement(node, isFirst: count == 0, depth: depth)
      count += 1
      if writer.isFull { flush() }
    }

    /// An element that is still to be filled.
    func appendOpen(_ node: Node) {
      flush()
      elements.append(node)
      count += 1
    }

    func flush() {
      let bytes = writer.take()
      if !bytes.isEmpty { elements.append(.written(bytes)) }
    }
  }
}
