import Glibc
import HostSystem

/// Reads recordings of perf (`perf.data`) without perf.
///
/// The file is mapped, never copied; records are read where they stand. Formats 1 and 2, the form for pipes, that of
/// `record --threads` (a directory), either byte order, compressed records, and recordings that were killed.
package enum PerfDataReader {
  /// What to read of a recording, and how.
  package struct Options: Sendable {
    /// The name of the one event that counts; nil for all. An event matches by its whole name, or without its modifiers.
    package var event: String?
    /// Nanoseconds after the first sample.
    package var from: UInt64?
    package var to: UInt64?
    /// Whether frames without a name keep their address.
    package var keepsAddresses = false
    /// Whether names of C++, Rust and Swift are written as people write them.
    package var demangles = true
    /// Whether the samples of `sched:sched_switch` are to weigh the nanoseconds that their threads then waited.
    package var weighsWaits = false
    package var symbols: SymbolSources
    /// Reads a recording whose stacks have to be unwound from copies of them (`--call-graph dwarf`), by its path: through
    /// perf itself. Without it, and for a recording that is no file, such stacks end at the innermost frame.
    package var unwinding: (@Sendable (_ path: String) throws -> Profile)?

    package init(symbols: SymbolSources = SymbolSources()) { self.symbols = symbols }
  }

  /// Whether bytes begin as a recording does.
  package static func recognises(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    ["PERFILE2", "2ELIFREP", "PERFFILE"].contains { bytes.starts(with: $0.utf8) }
  }

  /// Reads a file, or the directory that `perf record --threads` makes.
  /// - Throws: ``RecordingError``, ``FileError``
  package static func read(path: String, options: Options = Options()) throws -> Profile {
    let host = RootDirectory()
    let path = absolutePath(path)
    guard try host.status(of: path).kind == .directory else {
      let file = try host.map(path, limit: 1 << 46)
      return try file.withBytes { bytes in
        guard let unwinding = options.unwinding, try RecordingHead(bytes, path: path).copiesUserStacks else {
          return try read(bytes, path: path, options: options)
        }
        do {
          var profile = try unwinding(path)
          profile.notes.insert(
            "its stacks are unwound by perf script, which takes longer than reading them here", at: 0)
          return profile
        } catch let error as any ReportableError where error.failureKind == .unavailable {
          var profile = try read(bytes, path: path, options: options)
          profile.notes.insert(error.message, at: 0)
          return profile
        }
      }
    }
    let main = try host.map(path + "/data", limit: 1 << 46)
    var parts: [(file: MappedFile, path: String)] = []
    var number = 0
    while host.exists(path + "/data.\(number)") {
      parts.append((try host.map(path + "/data.\(number)", limit: 1 << 46), path + "/data.\(number)"))
      number += 1
    }
    return try main.withBytes { try read($0, parts: parts, path: path + "/data", options: options) }
  }

  /// Reads a recording that is in memory: mapped, or collected from a pipe.
  /// - Parameter path: what the recording is called in errors.
  /// - Throws: ``RecordingError``
  package static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String, options: Options = Options()
  ) throws -> Profile {
    try read(bytes, parts: [], path: path, options: options)
  }

  private static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, parts: [(file: MappedFile, path: String)], path: String, options: Options
  ) throws -> Profile {
    var head = try RecordingHead(bytes, path: path)
    head.isDirectory = !parts.isEmpty
    var filter = ProfileBuilder.Filter()
    (filter.from, filter.to) = (options.from, options.to)
    if let wanted = options.event { filter.event = try event(named: wanted, in: head, path: path) }
    if options.weighsWaits {
      filter.switches = try event(named: "sched:sched_switch", in: head, path: path) ?? 0
      filter.event = filter.switches
    }
    if head.isPipe { head.lookAhead(bytes) }
    let maps = PerfMapFiles(sources: options.symbols)
    let resolver = SymbolResolver(
      sources: options.symbols, release: head.origin.kernelRelease, keepsAddresses: options.keepsAddresses,
      demangles: options.demangles)
    var builder = ProfileBuilder(path: path, filter: filter, resolver: resolver) { maps.jitDump($0, processID: $1) }
    builder.setBuildIDs(head.buildIDs)
    builder.setNotes(head.notes)
    var scan = RecordingScan(path: path, head: head, builder: builder, file: UnsafeRawBufferPointer(bytes))
    defer { scan.close() }
    try scan.scanHead()
    for part in parts { try part.file.withBytes { try scan.scanPart(UnsafeRawBufferPointer($0), path: part.path) } }
    if head.isDirectory { try scan.finish() }
    var profile = scan.profile()
    if let switches = filter.switches, switches < profile.events.count { profile.events[switches].unit = .nanoseconds }
    return profile
  }

  private static func event(named wanted: String, in head: RecordingHead, path: String) throws(RecordingError) -> Int? {
    let names = head.eventNames
    // The events of a pipe come later; the first match is looked for then.
    if names.isEmpty { return nil }
    if let exact = names.firstIndex(of: wanted) { return exact }
    if let plain = names.firstIndex(where: { $0.prefix { $0 != ":" } == wanted }) { return plain }
    throw .noSuchEvent(path: path, wanted: wanted, there: names)
  }
}

extension RecordingHead {
  /// Whether stacks are there as copies, which have to be unwound.
  var copiesUserStacks: Bool { events.contains { $0.attribute.has(.userStack) } }

  /// The names of the events, made up where they are not recorded.
  var eventNames: [String] { events.map { $0.name ?? $0.attribute.madeUpName } }
}

extension RecordingScan {
  /// The profile that the records make, with names for all frames.
  func profile() -> Profile {
    var profile = builder.finished
    profile.events = zip(head.events, head.eventNames).map { event, name in
      Profile.Event(name: name, unit: event.attribute.unit(name: name))
    }
    profile.dropSilentEvents { head.events[$0].attribute.isDummy }
    profile.origin = head.origin
    profile.origin.clock = head.events.lazy.compactMap(\.attribute.clock).first
    profile.origin.maximumDepth = head.events.map { Int($0.attribute.maximumDepth) }.filter { $0 > 0 }.min()
    if builder.userStacks > 0 {
      profile.notes.append(
        "\(builder.userStacks) samples hold a copy of the program's stack instead of its callers (--call-graph dwarf), which is not unwound here: only their innermost frame is known"
      )
    }
    if builder.deferredStacks > 0 {
      profile.notes.append(
        "\(builder.deferredStacks) stacks of programs came later than their samples and are left out of them")
    }
    for (type, count) in builder.unread.sorted(by: { $0.key < $1.key }) {
      profile.notes.append(
        "\(count) \(count == 1 ? "record" : "records") of type \(type), which \(count == 1 ? "is" : "are") not known here"
      )
    }
    return profile
  }
}

extension Profile {
  /// Takes events without samples away that only carried records about tasks and mappings.
  fileprivate mutating func dropSilentEvents(_ isSilent: (Int) -> Bool) {
    let silent = events.indices.filter(isSilent)
    guard !silent.isEmpty, silent.count < events.count else { return }
    let used = Set(samples.events)
    var places: [UInt16] = []
    var kept: [Event] = []
    for index in events.indices {
      places.append(UInt16(kept.count))
      if !silent.contains(index) || used.contains(UInt16(index)) { kept.append(events[index]) }
    }
    guard kept.count < events.count else { return }
    if used.contains(where: { places[Int($0)] != $0 }) {
      for index in samples.events.indices { samples.events[index] = places[Int(samples.events[index])] }
    }
    events = kept
  }
}
