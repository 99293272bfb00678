/// Small numbers by threads: half the memory of a dictionary, which counts where a text names a million of them.
struct ThreadIndex {
  private var table = ByteKeyTable()
  private var key: [UInt8] = []

  /// The number of the thread, in the order in which they came, and whether it is new.
  mutating func number(of thread: Profile.Thread) -> (number: Int32, isNew: Bool) {
    key.removeAll(keepingCapacity: true)
    for id in [thread.processID, thread.threadID] {
      // One more than any id where there is none.
      withUnsafeBytes(of: id.map(Int64.init) ?? .max) { key.append(contentsOf: $0) }
    }
    key.append(contentsOf: thread.command.utf8)
    return key.withUnsafeBufferPointer { table.number(of: $0) }
  }
}
