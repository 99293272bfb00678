/// The tasks of a recording, with the names that they have at a time.
struct TaskTable {
  private struct State {
    var processID: Int32
    var threadID: Int32
    /// A place in `commands`; -1 where the kernel never told the name.
    var command: Int32
    /// A place in the profile's threads; -1 before the first sample under this name.
    var number: Int32
  }

  /// The threads that have samples, each under one name.
  private(set) var threads: [Profile.Thread] = []
  private var states: [State] = []
  private var stateOfID = NumberTable()
  private var commands: [String] = []
  private var commandNumbers: [String: Int32] = [:]
  /// The numbers that threads had under earlier names, by state and name.
  private var earlierNumbers = NumberTable()
  private var last: (id: Int32, state: Int32) = (-1, -1)

  /// The state of a thread, which is made where there is none.
  @inline(__always)
  mutating func state(processID: Int32, threadID: Int32) -> Int32 {
    if last.id == threadID, last.state >= 0 { return last.state }
    let new = Int32(truncatingIfNeeded: states.count)
    let place = stateOfID.number(for: UInt64(UInt32(bitPattern: threadID)), or: new)
    if place == new {
      states.append(State(processID: processID, threadID: threadID, command: -1, number: -1))
    } else if states[Int(place)].processID != processID, processID >= 0 {
      states[Int(place)].processID = processID
      states[Int(place)].number = -1
    }
    last = (threadID, place)
    return place
  }

  private mutating func command(_ name: String) -> Int32 {
    if let known = commandNumbers[name] { return known }
    let new = Int32(commands.count)
    commands.append(name)
    commandNumbers[name] = new
    return new
  }

  /// Takes the name in that a thread has from now on.
  mutating func setCommand(_ record: RecordBytes, end: Int) {
    let name = record.text(16, before: end)
    last = (-1, -1)
    let place = Int(state(processID: record.i32(8), threadID: record.i32(12)))
    retireNumber(ofState: place)
    states[place].command = command(name)
    // A program that is started keeps the mappings of the one before it until new ones take their place: while the kernel
    // starts it, the stack still leads to the call that did so.
  }

  /// Takes a new thread in, which has the name of the one that made it.
  /// - Returns: the processes, where one has become two and the kernel says no more about the mappings of the new one.
  mutating func fork(_ record: RecordBytes) -> (child: Int32, parent: Int32)? {
    let (child, parent) = (record.i32(8), record.i32(12))
    let (childThread, parentThread) = (record.i32(16), record.i32(20))
    last = (-1, -1)
    let from = states[Int(state(processID: parent, threadID: parentThread))]
    last = (-1, -1)
    let to = Int(state(processID: child, threadID: childThread))
    retireNumber(ofState: to)
    states[to] = State(processID: child, threadID: childThread, command: from.command, number: -1)
    // Bit 13: perf made the record up, and the mappings follow.
    return child != parent && record.u16(4) & 0x2000 == 0 ? (child, parent) : nil
  }

  /// The place in ``threads`` of a thread that has a sample, under its present name.
  @inline(__always)
  mutating func number(ofState state: Int) -> Int32 {
    states[state].number >= 0 ? states[state].number : newNumber(ofState: state)
  }

  @inline(never)
  private mutating func newNumber(ofState state: Int) -> Int32 {
    let thread = states[state]
    let name =
      thread.command >= 0
      ? commands[Int(thread.command)] : (thread.threadID == 0 ? "swapper" : ":\(thread.threadID)")
    // A thread that has a name for the second time is the same one, but for a number that was given to another process.
    var number = earlierNumbers.number(for: Self.key(state, thread.command)) ?? -1
    if number < 0 || threads[Int(number)].processID != thread.processID {
      number = Int32(truncatingIfNeeded: threads.count)
      threads.append(Profile.Thread(processID: thread.processID, threadID: thread.threadID, command: name))
    }
    states[state].number = number
    return number
  }

  /// Lets a thread have no number before its next sample. Only now the number is kept under its name, since most threads have one
  /// name all the time.
  private mutating func retireNumber(ofState state: Int) {
    let thread = states[state]
    guard thread.number >= 0 else { return }
    earlierNumbers.set(Self.key(state, thread.command), thread.number)
    states[state].number = -1
  }

  private static func key(_ state: Int, _ command: Int32) -> UInt64 {
    UInt64(truncatingIfNeeded: state) << 32 | UInt64(UInt32(bitPattern: command))
  }
}
