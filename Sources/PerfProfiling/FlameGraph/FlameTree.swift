/// The weighted call tree that pictures and trees in a terminal are drawn from: one box for each name below each caller.
///
/// Node 0 is the root, `all`. A node stands behind its caller and before what it calls, and what is called stands in the
/// order of the names' bytes, so that one pass from front to back draws and one from back to front sums.
package struct FlameTree: Sendable {
  package struct Node: Sendable {
    package var name: String
    /// The caller's place; -1 for the root.
    package var parent: Int32
    /// The root has depth 0.
    package var depth: Int32
    /// Of this frame and all that it calls.
    package var total: UInt64 = 0
    /// Of this frame as the innermost one.
    package var own: UInt64 = 0
    /// How much weight stands to the left.
    package var start: UInt64 = 0
  }

  package private(set) var nodes: [Node] = [Node(name: "all", parent: -1, depth: 0)]
  package private(set) var depth = 0
  /// The weight of all lines in the profile that this one is compared with.
  package private(set) var totalBefore: UInt64 = 0
  /// The same of each node as the innermost one, as far as nodes have one: most trees have none.
  private var ownBefore: [UInt64] = []

  package var total: UInt64 { nodes[0].total }

  /// What a node weighs as the innermost one in the profile that this one is compared with.
  package func ownBefore(_ node: Int) -> UInt64 { node < ownBefore.count ? ownBefore[node] : 0 }

  /// - Parameter lines: in the order in which they are to be drawn; equal beginnings of neighbours are merged.
  package init(_ lines: FoldedStacks.Lines) {
    var open: [(node: Int, name: ArraySlice<UInt8>)] = []
    var x: UInt64 = 0
    for line in lines {
      let names = line.stack.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      var shared = 0
      while shared < open.count, shared < names.count, open[shared].name == names[shared] { shared += 1 }
      open.removeLast(open.count - shared)
      for name in names[shared...] {
        let parent = open.last?.node ?? 0
        nodes.append(
          Node(
            name: String(decoding: name, as: UTF8.self), parent: Int32(parent), depth: Int32(open.count + 1), start: x))
        open.append((nodes.count - 1, name))
      }
      depth = max(depth, open.count)
      nodes[0].total.add(line.weight)
      for frame in open { nodes[frame.node].total.add(line.weight) }
      let leaf = open.last?.node ?? 0
      nodes[leaf].own.add(line.weight)
      if line.before > 0 {
        ownBefore += repeatElement(0, count: max(0, leaf + 1 - ownBefore.count))
        ownBefore[leaf].add(line.before)
        totalBefore.add(line.before)
      }
      x.add(line.weight)
    }
  }
}
