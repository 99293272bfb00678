/// The call stacks of a profile as one tree: a stack is its innermost frame and the stack that called it.
///
/// Stack 0 is the empty one. A caller has a lower number than what it calls, so that one pass from the last stack to the first
/// sums totals up. Only code is in here: commands and threads are in `Profile.threads`.
package struct StackTable: Sendable {
  /// The caller of each stack; the empty stack is its own.
  package private(set) var parents: [Int32] = [0]
  /// The innermost frame of each stack; -1 for the empty stack.
  package private(set) var frames: [Int32] = [-1]
  private var children = NumberTable()

  package init() {}

  package static let empty: Int32 = 0

  /// The stack in which `frame` was called from `parent`; the same for equal arguments.
  @inline(__always)
  package mutating func stack(calling frame: Int32, from parent: Int32) -> Int32 {
    let key = UInt64(UInt32(bitPattern: parent)) << 32 | UInt64(UInt32(bitPattern: frame))
    let new = Int32(truncatingIfNeeded: parents.count)
    let number = children.number(for: key, or: new)
    if number == new {
      parents.append(parent)
      frames.append(frame)
    }
    return number
  }

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
