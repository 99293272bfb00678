import Compression

/// A profile as the Firefox profiler opens it: its processed format, version 48, with gzip around it. Viewers bring older
/// versions up to date. Source: firefox-devtools/profiler, docs-developer/CHANGELOG-formats.md and src/types/profile.js.
package enum FirefoxFile {
  private static let version = 48
  /// Places in the list of categories.
  private enum Category: Int { case other, user, kernel, runTime }

  /// - Parameter event: the place of the only event to take; nil for all of them.
  /// - Throws: ``CompressionError``
  package static func bytes(_ profile: Profile, event: Int? = nil, name: String) throws -> [UInt8] {
    try GzipWriter.compressed(json(profile, event: event, name: name))
  }

  static func json(_ profile: Profile, event: Int?, name: String) -> [UInt8] {
    var text = ExportText()
    let objects = ObjectList(profile)
    text.raw("{\"meta\":{\"interval\":1,\"startTime\":0,\"processType\":0,\"product\":")
    text.string(name)
    text.raw(",\"stackwalk\":1,\"debug\":false,\"version\":28,\"preprocessedProfileVersion\":")
    text.number(version)
    text.raw(
      """
      ,"symbolicated":true,"markerSchema":[],"usesOnlyOneStackType":true,"doesNotUseFrameImplementation":true,\
      "sourceCodeIsNotOnSearchfox":true,"importedFrom":"toolbox","categories":[\
      {"name":"Other","color":"grey","subcategories":["Other"]},{"name":"User","color":"yellow","subcategories":["Other"]},\
      {"name":"Kernel","color":"orange","subcategories":["Other"]},{"name":"JIT","color":"green","subcategories":["Other"]}]
      """)
    if let release = profile.origin.kernelRelease {
      text.raw(",\"oscpu\":")
      text.string("Linux \(release)\(profile.origin.architecture.map { " " + $0 } ?? "")")
      text.raw(",\"platform\":\"Linux\"")
    }
    text.raw("},\"libs\":")
    text.list(objects.names) { text, object in
      let file = object.split(separator: "/").last.map(String.init) ?? object
      text.raw("{\"arch\":")
      text.string(profile.origin.architecture ?? "")
      for (key, value) in [("name", file), ("path", object), ("debugName", file), ("debugPath", object)] {
        text.comma()
        text.string(key)
        text.byte(":")
        text.string(value)
      }
      text.raw(",\"breakpadId\":\"\",\"codeId\":")
      if let id = objects.buildIDs[object] { text.string(id) } else { text.raw("null") }
      text.byte("}")
    }
    text.raw(",\"pages\":[],\"counters\":[],\"threads\":")
    let firstTime = profile.firstTime
    text.list(ExportedSamples.all(profile, event: event)) {
      ThreadTables($1, profile, objects).write(&$0, firstTime: firstTime)
    }
    text.raw("}\n")
    return text.bytes
  }

  private struct ObjectList {
    var names: [String] = []
    var numbers: [String: Int] = [:]
    var buildIDs: [String: String] = [:]

    init(_ profile: Profile) {
      for object in profile.frames.frames.compactMap(\.object) where numbers[object] == nil {
        numbers[object] = names.count
        names.append(object)
      }
      for object in profile.objects { buildIDs[object.name] = object.buildID }
    }
  }

  /// The tables of a thread: only what its samples need.
  private struct ThreadTables {
    let group: ExportedSamples
    let profile: Profile
    let objects: ObjectList
    var strings = ByteKeyTable()
    var resources: [(lib: Int, name: Int32)] = []
    private var resourceNumbers: [String: Int32] = [:]
    /// Frames of the profile, in the order in which this thread met them.
    var frames: [Int32] = []
    private var frameNumbers = NumberTable()
    /// A resource is -1 where there is none.
    var functions: [(name: Int32, resource: Int32)] = []
    /// The prefix is -1 where there is none.
    var stacks: [(frame: Int32, prefix: Int32)] = []
    private var stackNumbers = NumberTable()
    /// -1 where a sample has no stack.
    var sampleStacks: [Int32] = []

    init(_ group: ExportedSamples, _ profile: Profile, _ objects: ObjectList) {
      self.group = group
      self.profile = profile
      self.objects = objects
      for sample in group.samples { sampleStacks.append(number(ofStack: profile.samples.stacks[sample])) }
    }

    private mutating func number(ofStack stack: Int32) -> Int32 {
      // From the innermost stack to the first one that is known, and back.
      var missing: [Int32] = []
      var current = stack
      var prefix: Int32 = -1
      while current != StackTable.empty {
        if let known = stackNumbers.number(for: UInt64(current)) {
          prefix = known
          break
        }
        missing.append(current)
        current = profile.stacks.parents[Int(current)]
      }
      for stack in missing.reversed() {
        stacks.append((number(ofFrame: profile.stacks.frames[Int(stack)]), prefix))
        prefix = Int32(truncatingIfNeeded: stacks.count - 1)
        stackNumbers.set(UInt64(stack), prefix)
      }
      return prefix
    }

    private mutating func number(ofFrame frame: Int32) -> Int32 {
      let new = Int32(truncatingIfNeeded: frames.count)
      let number = frameNumbers.number(for: UInt64(frame), or: new)
      if number != new { return number }
      let shown = profile.frames[frame]
      var resource: Int32 = -1
      if let object = shown.object, let lib = objects.numbers[object] {
        if let known = resourceNumbers[object] {
          resource = known
        } else {
          resource = Int32(truncatingIfNeeded: resources.count)
          resourceNumbers[object] = resource
          let file = object.split(separator: "/").last.map(String.init) ?? object
          resources.append((lib, strings.number(of: file)))
        }
      }
      frames.append(frame)
      functions.append((strings.number(of: shown.shownName), resource))
      return new
    }

    private func category(_ frame: Int32) -> Int {
      switch profile.frames[frame].kind {
      case .user, .inlined: Category.user.rawValue
      case .kernel, .guestKernel: Category.kernel.rawValue
      case .jit: Category.runTime.rawValue
      case .label: Category.other.rawValue
      }
    }

    /// - Parameter firstTime: of all of the profile's samples, in nanoseconds.
    func write(_ text: inout ExportText, firstTime: UInt64) {
      let thread = profile.threads[group.thread]
      let event = profile.events[group.event]
      text.raw(
        """
        {"processType":"default","processStartupTime":0,"processShutdownTime":null,"registerTime":0,\
        "unregisterTime":null,"pausedRanges":[],"name":
        """)
      text.string(profile.events.count > 1 ? "\(thread.command) (\(event.name))" : thread.command)
      text.raw(",\"processName\":")
      text.string(thread.command)
      text.raw(",\"isMainThread\":")
      text.raw(thread.processID == thread.threadID ? "true" : "false")
      text.raw(",\"pid\":")
      text.string(String(thread.processID ?? thread.threadID ?? 0))
      text.raw(",\"tid\":")
      text.number(thread.threadID ?? 0)
      writeSamples(event, &text, firstTime: firstTime)
      text.raw(
        ",\"markers\":{\"data\":[],\"name\":[],\"startTime\":[],\"endTime\":[],\"phase\":[],\"category\":[],\"length\":0}"
      )
      text.raw(",\"stackTable\":{\"frame\":")
      text.numbers(stacks.lazy.map(\.frame))
      text.raw(",\"category\":")
      text.numbers(stacks.lazy.map { category(frames[Int($0.frame)]) })
      text.raw(",\"subcategory\":")
      text.numbers(stacks.lazy.map { _ in 0 })
      text.raw(",\"prefix\":")
      text.list(stacks) { text, stack in
        if stack.prefix >= 0 { text.number(stack.prefix) } else { text.raw("null") }
      }
      text.raw(",\"length\":")
      text.number(stacks.count)
      text.byte("}")
      writeFrames(&text)
      text.raw(",\"resourceTable\":{\"lib\":")
      text.numbers(resources.map(\.lib))
      text.raw(",\"name\":")
      text.numbers(resources.map(\.name))
      text.raw(",\"host\":")
      text.nulls(resources.count)
      text.raw(",\"type\":")
      // 1 is a library.
      text.numbers(resources.map { _ in 1 })
      text.raw(",\"length\":")
      text.number(resources.count)
      text.raw("},\"nativeSymbols\":{\"libIndex\":[],\"address\":[],\"name\":[],\"functionSize\":[],\"length\":0}")
      text.raw(",\"stringArray\":")
      text.list(0..<strings.count) { $0.string(String(decoding: strings[$1], as: UTF8.self)) }
      text.byte("}")
    }

    private func writeSamples(_ event: Profile.Event, _ text: inout ExportText, firstTime first: UInt64) {
      text.raw(",\"samples\":{\"stack\":")
      text.list(sampleStacks) { text, stack in
        if stack >= 0 { text.number(stack) } else { text.raw("null") }
      }
      let hasTimes = profile.samples.times.count == profile.samples.count
      text.raw(",\"time\":")
      // Without times the samples stand a millisecond apart.
      text.list(group.samples.enumerated()) { text, sample in
        text.number(hasTimes ? Double(profile.samples.times[sample.element] - first) / 1e6 : Double(sample.offset))
      }
      text.raw(",\"weight\":")
      text.list(group.samples) { text, sample in
        let weight = profile.samples.weights[sample]
        if event.unit == .nanoseconds { text.number(Double(weight) / 1e6) } else { text.number(weight) }
      }
      text.raw(",\"weightType\":")
      text.string(event.unit == .nanoseconds ? "tracing-ms" : event.unit == .bytes ? "bytes" : "samples")
      text.raw(",\"length\":")
      text.number(group.samples.count)
      text.byte("}")
    }

    private func writeFrames(_ text: inout ExportText) {
      text.raw(",\"frameTable\":{\"address\":")
      text.numbers(frames.lazy.map { _ in -1 })
      text.raw(",\"inlineDepth\":")
      text.numbers(frames.lazy.map { _ in 0 })
      text.raw(",\"category\":")
      text.numbers(frames.lazy.map(category))
      text.raw(",\"subcategory\":")
      text.numbers(frames.lazy.map { _ in 0 })
      text.raw(",\"func\":")
      text.numbers(frames.indices)
      for key in ["nativeSymbol", "innerWindowID", "implementation", "line", "column"] {
        text.comma()
        text.string(key)
        text.byte(":")
        text.nulls(frames.count)
      }
      text.raw(",\"length\":")
      text.number(frames.count)
      text.raw("},\"funcTable\":{\"isJS\":")
      text.list(frames) { text, _ in text.raw("false") }
      text.raw(",\"relevantForJS\":")
      text.list(frames) { text, _ in text.raw("false") }
      text.raw(",\"name\":")
      text.numbers(functions.lazy.map(\.name))
      text.raw(",\"resource\":")
      text.numbers(functions.lazy.map(\.resource))
      for key in ["fileName", "lineNumber", "columnNumber"] {
        text.comma()
        text.string(key)
        text.byte(":")
        text.nulls(frames.count)
      }
      text.raw(",\"length\":")
      text.number(frames.count)
      text.byte("}")
    }
  }
}
