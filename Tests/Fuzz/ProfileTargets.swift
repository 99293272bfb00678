import HostSystem

@testable import PerfProfiling

/// A recording of any form: what is counted adds up, everything that a sample names is there, and twice it reads the same.
@Sendable func fuzzRecording(_ bytes: UnsafeBufferPointer<UInt8>) {
  let options = PerfDataReader.Options(symbols: SymbolSources(root: RootDirectory("/nonexistent")))
  let profile: Profile
  do {
    profile = try PerfDataReader.read(bytes, path: "recording", options: options)
  } catch {
    guard let error = error as? RecordingError else { return require(false, "an error of another kind") }
    switch error {
    case .cut(_, let offset, _), .damaged(_, let offset, _):
      require(offset >= 0 && offset <= bytes.count, "the damage is outside of the file")
    default: break
    }
    return
  }
  let samples = profile.samples
  let count = samples.count
  require(profile.accounting.samplesOut == UInt64(count), "a sample is lost")
  require([samples.events.count, samples.threads.count, samples.weights.count].allSatisfy { $0 == count })
  require(samples.times.isEmpty || samples.times.count == count)
  require(samples.cpus.isEmpty || samples.cpus.count == count)
  require(samples.events.allSatisfy { Int($0) < profile.events.count }, "a sample of no event")
  require(samples.threads.allSatisfy { Int($0) < profile.threads.count }, "a sample of no thread")
  require(samples.stacks.allSatisfy { Int($0) < profile.stacks.count }, "a sample of no stack")
  for stack in 1..<max(1, profile.stacks.count) {
    require(profile.stacks.parents[stack] < stack, "a caller is not before what it calls")
    require(Int(profile.stacks.frames[stack]) < profile.frames.count && profile.stacks.frames[stack] >= 0)
  }
  let again = try? PerfDataReader.read(bytes, path: "recording", options: options)
  require(again?.samples.stacks == samples.stacks && again?.threads == profile.threads, "twice it reads otherwise")
  require(again?.frames.frames.elementsEqual(profile.frames.frames) == true)
}

/// An object file, and what programs write of code that they make: no symbol is given to an address that it does not hold.
@Sendable func fuzzObjectFile(_ bytes: UnsafeBufferPointer<UInt8>) {
  let raw = UnsafeRawBufferPointer(bytes)
  if let file = ELFFile(raw) {
    var builder = SymbolIndex.Builder()
    file.addSymbols(ofTable: 2, to: &builder)
    file.addSymbols(ofTable: 11, to: &builder)
    check(builder.finish())
    for stub in file.linkageStubs() { require(stub.name.last == 0) }
    _ = (file.debugLink, file.buildID, file.modulePlaces(), file.address(ofFileOffset: 4096))
    _ = file.address(ofSymbol: "_text")
  }
  if let dump = JitDump(raw) {
    require(zip(dump.loads, dump.loads.dropFirst()).allSatisfy { $0.time <= $1.time }, "not in order of time")
  }
  check(PerfMap.index(bytes))
  check(KernelSymbols.index(bytes, shift: 0))
}

private func check(_ index: SymbolIndex) {
  for address in (0..<64).map({ UInt64($0) * 96 + 4096 }) {
    let symbol = index.find(address)
    require(symbol < index.count)
    guard symbol >= 0 else { continue }
    require(index.start(symbol) <= address, "a symbol behind its address")
    require(address - index.start(symbol) < index.size(symbol), "a symbol that ended before")
    _ = index.name(symbol).count
  }
}

/// A name of any language: it ends, is never empty, and one that is not mangled stays as it is.
@Sendable func fuzzSymbolName(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard !bytes.isEmpty, !bytes.contains(0) else { return }
  if let name = RustNames.v0(bytes) { require(name.utf8.count <= 16_384 + 3 * bytes.count, "too long") }
  if let name = RustNames.legacy(String(decoding: bytes, as: UTF8.self)) {
    require(name.utf8.count <= 3 * bytes.count)
  }
}

/// The text of perf script and folded stacks: what is counted adds up, and pieces of any size give the same profile.
@Sendable func fuzzProfileText(_ bytes: UnsafeBufferPointer<UInt8>) {
  for isCompatible in [false, true] {
    var options = ScriptTextReader.Options()
    options.keepsAddresses = isCompatible
    if isCompatible { options.compatibility = ScriptTextReader.Compatibility() }
    var whole = ScriptTextReader(options: options)
    whole.feed(bytes)
    let profile = whole.finish()
    var parts = ScriptTextReader(options: options)
    for start in stride(from: 0, to: bytes.count, by: 7) {
      parts.feed(UnsafeBufferPointer(rebasing: bytes[start..<min(bytes.count, start + 7)]))
    }
    let again = parts.finish()
    require(profile.accounting.samplesOut == UInt64(profile.samples.count), "a sample is lost")
    require(profile.samples.stacks == again.samples.stacks && profile.samples.weights == again.samples.weights)
    require(profile.frames.frames.elementsEqual(again.frames.frames) && profile.threads == again.threads)
    require(profile.samples.times.isEmpty || profile.samples.times.count == profile.samples.count)
    var labels = StackLabels()
    labels.isCompatible = isCompatible
    let lines = FoldedStacks(profile, labels: labels).lines
    require(zip(lines, lines.dropFirst()).allSatisfy { $0.stack.lexicographicallyPrecedes($1.stack) }, "not sorted")
    require(lines.allSatisfy { !$0.stack.contains(0x0A) }, "a name breaks a line")
    var picture = FlameGraphSVG()
    let svg = picture.draw(FlameTree(lines))
    require(svg.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "a control character in the picture")
  }
  var folded = FoldedTextReader()
  folded.feed(bytes)
  let (profile, before) = folded.finish()
  require(before == nil || before?.count == profile.samples.count, "a first count is missing")
}
