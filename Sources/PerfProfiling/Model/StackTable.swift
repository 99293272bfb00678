/// The call stacks of a profile as one tree: a stack is its innermost frame and the stack that called it.
///
/// Stack 0 is the empty one. A caller has a lower number than what it calls, so that one pass from the last stack to the first
/// sums totals up. Only code is in here: commands and threads are in `Profile.threads`.
package struct StackTable: Sendable {
  /// The caller of each stack; the empty stack is its own.
  package private(set) var parents: [Int32] = [0]
  /// The innermost frame of each stack; -1 for the empty stack.
  package private(set) var frames: [Int32] = [-1]
  /// The stacks by caller and frame.
  private var index = HashIndex()
  private let seed = keySeed

  package init() {}

  package static let empty: Int32 = 0

  /// The stack in which `frame` was called from `parent`; the same for equal arguments.
  @inline(__always)
  package mutating func stack(calling frame: Int32, from parent: Int32) -> Int32 {
    if index.isEmpty { indexAnew() }
    let hash = hash(frame, parent)
    var place = index.place(of: hash)
    while let known = index.next(hash, at: &place) {
      if frames[Int(known)] == frame, parents[Int(known)] == parent { return known }
    }
    let number = Int32(truncatingIfNeeded: parents.count)
    index.keep(number, hash, at: place)
    parents.append(parent)
    frames.append(frame)
    return number
  }

  @inline(__always)
  private func hash(_ frame: Int32, _ parent: Int32) -> UInt32 {
    UInt32(
      truncatingIfNeeded: mixed(UInt64(UInt32(bitPattern: parent)) << 32 | UInt64(UInt32(bitPattern: frame)), seed))
  }

  private mutating func indexAnew() {
    for stack in parents.indices.dropFirst() {
      index.add(Int32(truncatingIfNeeded: stack), hash(frames[stack], parents[stack]))
    }
  }

  /// Gives the memory back that only serves to find a stack again; the next one that is looked for brings it back.
  mutating func trim() { index = HashIndex() }

  package var count: Int { parents.count }

  /// The frames of a stack, outermost first.
  package func frames(of stack: Int32) -> [Int32] {
    var found: [Int32] = []
    var current = stack
    while current != Self.empty {
      found.append(frames[Int(current)])
      current = parents[Int(current)]
    }
    found.reverse()
    return found
  }
}
