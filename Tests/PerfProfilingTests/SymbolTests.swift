import Glibc
import HostSystem
import TestSupport
import Testing

@testable import PerfProfiling

@Suite("Addresses get the name of the symbol that perf would take")
struct SymbolTests {
  private struct Symbol {
    var start: UInt64
    var size: UInt64
    var name: String
    var isWeak = false
    var isGlobal = true
  }

  private func names(_ addresses: [UInt64], _ symbols: [Symbol], prefersLast: Bool = false) -> [String?] {
    var index = SymbolIndex.Builder(prefersLast: prefersLast)
    let table = HeldBytes(symbols.flatMap { Array($0.name.utf8) + [0] })
    let isUsed = index.useNames(table.bytes)
    #expect(isUsed)
    var place = 0
    for symbol in symbols {
      index.add(
        start: symbol.start, size: symbol.size, name: place, isWeak: symbol.isWeak, isGlobal: symbol.isGlobal)
      place += symbol.name.utf8.count + 1
    }
    defer { withExtendedLifetime(table) {} }
    return Self.names(addresses, index.finish())
  }

  private static func names(_ addresses: [UInt64], _ index: SymbolIndex) -> [String?] {
    addresses.map { address in
      let found = index.find(address)
      return found < 0 ? nil : String(decoding: index.name(found), as: UTF8.self)
    }
  }

  @Test("A symbol holds its addresses and no more; without a size it reaches to the next")
  func ranges() {
    let symbols = [
      Symbol(start: 100, size: 10, name: "sized"), Symbol(start: 200, size: 0, name: "open"),
      Symbol(start: 300, size: 5, name: "last"),
    ]
    #expect(
      names([99, 100, 109, 110, 199, 200, 250, 299, 300, 304, 305], symbols) == [
        nil, "sized", "sized", nil, nil, "open", "open", "open", "last", "last", nil,
      ])
    #expect(names([99, 100, 109, 110, 250, 304], symbols.reversed()) == [nil, "sized", "sized", nil, "open", "last"])
  }

  @Test("Of symbols within each other the inner one counts, and behind it the outer one again")
  func nested() {
    let symbols = [Symbol(start: 100, size: 100, name: "outer"), Symbol(start: 120, size: 10, name: "inner")]
    #expect(names([110, 125, 130, 199, 200], symbols) == ["outer", "inner", "outer", "outer", nil])
  }

  @Test("Of several names for one address the best one counts")
  func aliases() {
    func best(_ symbols: [Symbol]) -> String? { names([100], symbols)[0] }
    for order in [[0, 1], [1, 0]] {
      func pair(_ one: Symbol, _ other: Symbol) -> String? { best(order.map { [one, other][$0] }) }
      #expect(pair(Symbol(start: 100, size: 0, name: "a"), Symbol(start: 100, size: 4, name: "b")) == "b")
      #expect(
        pair(Symbol(start: 100, size: 4, name: "weak", isWeak: true), Symbol(start: 100, size: 4, name: "b")) == "b")
      #expect(
        pair(Symbol(start: 100, size: 4, name: "local", isGlobal: false), Symbol(start: 100, size: 4, name: "b")) == "b"
      )
      #expect(
        pair(Symbol(start: 100, size: 4, name: "__libc_open"), Symbol(start: 100, size: 4, name: "open")) == "open")
      #expect(pair(Symbol(start: 100, size: 4, name: "open64"), Symbol(start: 100, size: 4, name: "open")) == "open64")
    }
  }

  @Test("In the kernel's list the last of several names counts, and types that are no code do not")
  func kernelList() {
    let list = """
      0000000000000000 A fixed_percpu_data
      ffffffff81000000 T _stext
      ffffffff81000000 T _text
      ffffffff81000100 T memcpy
      ffffffff81000100 T __memcpy
      ffffffff81000100 W __pi_memcpy
      ffffffff81000180 r a_constant
      ffffffff81000200 t local_one\t[a_module]
      """
    let bytes = Array(list.utf8)
    bytes.withUnsafeBufferPointer { bytes in
      #expect(KernelSymbols.reference(bytes) == 0xFFFF_FFFF_8100_0000)
      let addresses: [UInt64] = [
        0xFFFF_FFFF_8100_0010, 0xFFFF_FFFF_8100_0110, 0xFFFF_FFFF_8100_01FF, 0xFFFF_FFFF_8100_0200,
      ]
      let index = KernelSymbols.index(bytes, shift: 0)
      #expect(Self.names(addresses, index) == ["_text", "__pi_memcpy", "__pi_memcpy", "local_one"])
      // Another boot, with the kernel somewhere else.
      #expect(Self.names([0xFFFF_FFFF_9100_0110], KernelSymbols.index(bytes, shift: 0x1000_0000)) == ["__pi_memcpy"])
    }
    let hidden = Array(list.replacing("ffffffff81", with: "0000000000").utf8)
    #expect(hidden.withUnsafeBufferPointer { KernelSymbols.reference($0) } == nil)
  }

  @Test("In a map of code made at run time the last line for an address counts")
  func perfMap() {
    let map =
      "1000 100 first name\n0x1080 10 LFoo;::bar(I)V\n2000 20 gone\n2000 10 again\nbad line\n3000 8\n4000 10 cut"
    let bytes = Array(map.utf8)
    bytes.withUnsafeBufferPointer { bytes in
      let names = Self.names([0x1000, 0x1085, 0x1090, 0x2005, 0x2015, 0x3001, 0x4001], PerfMap.index(bytes))
      #expect(names == ["first name", "LFoo;::bar(I)V", "first name", "again", "gone", nil, "cut"])
    }
  }

  @Test("Modules are shown as perf shows them")
  func modules() {
    #expect(RecordedObject.moduleName("/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko.xz") == "[ext4]")
    #expect(RecordedObject.moduleName("/lib/modules/6.1.0/kernel/net/nf-tables.ko") == "[nf_tables]")
    #expect(RecordedObject.moduleName("[kvm]") == "[kvm]")
  }
}

@Suite("Code made at run time is named by what the program wrote down")
struct RuntimeCodeTests {
  private static func dump(isBigEndian: Bool) -> [UInt8] {
    var writer = RecordingWriter(isBigEndian: isBigEndian)
    func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] { writer.number(value) }
    func load(_ time: UInt64, _ start: UInt64, _ size: UInt64, index: UInt64, _ name: String) -> [UInt8] {
      let content =
        number(UInt32(10)) + number(UInt32(10)) + number(start) + number(start) + number(size) + number(index)
        + Array(name.utf8) + [0, 0xC3]
      return number(UInt32(0)) + number(UInt32(content.count + 16)) + number(time) + content
    }
    var head = number(UInt32(0x4A69_5444)) + number(UInt32(1)) + number(UInt32(40)) + number(UInt32(62))
    head += number(UInt32(0)) + number(UInt32(10)) + number(UInt64(0)) + number(UInt64(0))
    writer.append(raw: head + load(100, 0x5000, 0x100, index: 1, "early") + load(300, 0x5000, 0x80, index: 2, "late"))
    let move =
      number(UInt32(10)) + number(UInt32(10)) + number(UInt64(0x7000)) + number(UInt64(0x5000))
      + number(UInt64(0x7000)) + number(UInt64(0x100)) + number(UInt64(1))
    writer.append(raw: number(UInt32(1)) + number(UInt32(move.count + 16)) + number(UInt64(200)) + move)
    return writer.records
  }

  @Test("Times tell which code was there when, and moved code keeps its name", arguments: [false, true])
  func jitDump(isBigEndian: Bool) throws {
    let directory = try TemporaryDirectory()
    try directory.write("tmp/jit-10.dump", Self.dump(isBigEndian: isBigEndian))
    // The attribute says that the clock is CLOCK_MONOTONIC, which is 1.
    var event = RecordingWriter.Event()
    event.flags |= 1 << 25
    event.clock = 1
    var writer = RecordingWriter(events: [event])
    writer.command(10, 10, "vm")
    writer.map2(10, 0x5000, 0x3000, "//anon", time: 10)
    writer.map2(10, 0x9000, 0x1000, "/tmp/jit-10.dump", time: 20)
    for (time, address) in [(150, 0x5010), (250, 0x7010), (350, 0x5010), (360, 0x5090), (370, 0x6000)]
      as [(UInt64, UInt64)]
    {
      writer.sample(.init(time: time, instruction: address, chain: [PerfDataReaderTests.userMarker, address]))
    }
    let options = PerfDataReader.Options(symbols: SymbolSources(root: RootDirectory(directory.path)))
    let profile = try PerfDataReaderTests.read(writer.file(), options)
    #expect(
      PerfDataReaderTests.lines(profile).map { $0.split(separator: " ").last.map(String.init) } == [
        "early", "early", "late", "early", "/tmp/perf-10.map",
      ])
  }

  @Test("A perf map names memory without a file, below the root that is given")
  func perfMap() throws {
    let directory = try TemporaryDirectory()
    try directory.write("tmp/perf-10.map", text: "5000 100 Foo::bar\n5100 10 other\n")
    var writer = RecordingWriter()
    writer.command(10, 10, "vm")
    writer.map2(10, 0x5000, 0x3000, "//anon", time: 10)
    writer.map2(10, 0x8000, 0x1000, "//anon", time: 10, protection: 3)
    for address in [0x5010, 0x5100, 0x5110, 0x8000] as [UInt64] {
      writer.sample(.init(time: 100, instruction: address, chain: [PerfDataReaderTests.userMarker, address]))
    }
    let options = PerfDataReader.Options(symbols: SymbolSources(root: RootDirectory(directory.path)))
    let profile = try PerfDataReaderTests.read(writer.file(), options)
    #expect(
      PerfDataReaderTests.lines(profile).map { $0.split(separator: " ").last.map(String.init) } == [
        "Foo::bar", "other", "/tmp/perf-10.map", "//anon",
      ])
    #expect(
      profile.objects.contains { $0.name == "/tmp/perf-10.map" && $0.symbols == .found(directory("tmp/perf-10.map")) })
  }
}

@Suite("Object files give their symbols to addresses")
struct ObjectFileTests {
  /// A program with fixed addresses, one with any, and their stripped forms with debug information beside them.
  private static func built(in directory: TemporaryDirectory, _ options: [String]) async throws -> String {
    try directory.write(
      "program.c",
      text: """
        #include <stdio.h>
        #include <stdlib.h>
        __attribute__((noinline)) static int inner(int x) { return x * 3 + atoi("7"); }
        __attribute__((noinline)) int outer(int x) { return inner(x) + 1; }
        int main(int count, char **words) { printf("%d\\n", outer(count)); return 0; }
        """)
    let path = directory("bin/program")
    try directory.write("bin/place", text: "")
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/gcc", ["-O1", "-o", path, directory("program.c"), "-Wl,--build-id"] + options)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return path
  }

  private static var hasTools: Bool {
    ["gcc", "nm", "objcopy", "strip"].allSatisfy { access("/usr/bin/" + $0, X_OK) == 0 }
  }

  /// The addresses of functions by name, as nm(1) has them.
  private static func functions(_ path: String) async throws -> [String: UInt64] {
    let listing = try await ToolboxProcess.run(path: "/usr/bin/nm", [path])
    var result: [String: UInt64] = [:]
    for line in listing.output.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 3, let address = UInt64(fields[0], radix: 16) { result[String(fields[2])] = address }
    }
    return result
  }

  private static func options(_ directory: TemporaryDirectory) -> PerfDataReader.Options {
    PerfDataReader.Options(symbols: SymbolSources(root: RootDirectory(directory.path)))
  }

  /// A recording of a program that is mapped as the dynamic loader does it, a sample at each address.
  private static func recording(
    _ path: String, _ addresses: [UInt64], buildID: [UInt8]? = nil
  ) throws -> RecordingWriter {
    let file = try RootDirectory().map(path)
    let segment = try #require(
      file.withBytes { bytes in ELFFile(UnsafeRawBufferPointer(bytes))?.segments.first(where: \.isExecutable) })
    let base: UInt64 = segment.address < 0x10_0000 ? 0x5555_0000_0000 : 0
    var writer = RecordingWriter()
    writer.command(10, 10, "program")
    writer.map2(
      10, base + segment.address, (segment.fileSize + 4095) & ~4095, offset: segment.offset, "/bin/program", time: 10,
      buildID: buildID)
    for address in addresses {
      writer.sample(
        .init(time: 100, instruction: base + address, chain: [PerfDataReaderTests.userMarker, base + address]))
    }
    return writer
  }

  private static func names(_ profile: Profile) -> [String?] {
    (0..<profile.samples.count).map { profile.frames[profile.stacks.frames[Int(profile.samples.stacks[$0])]].name }
  }

  @Test(
    "Of any way of linking, stripped with debug information elsewhere, and of another build",
    .enabled(if: hasTools, "gcc and binutils are not installed"), arguments: [["-pie"], ["-no-pie"], ["-static"]])
  func programs(linking: [String]) async throws {
    let directory = try TemporaryDirectory()
    let path = try await Self.built(in: directory, linking)
    let functions = try await Self.functions(path)
    let wanted = ["inner", "outer", "main", "_start"]
    let addresses = try wanted.map { try #require(functions[$0]) + 2 }
    let writer = try Self.recording(path, addresses)
    #expect(Self.names(try PerfDataReaderTests.read(writer.file(), Self.options(directory))) == wanted)

    // Stripped: a debug link beside it, then a build id.
    let buildID = try #require(
      try RootDirectory().map(path).withBytes { ELFFile(UnsafeRawBufferPointer($0))?.buildID })
    let digits = ObjectFiles.hexadecimal(buildID)
    let debug = directory("bin/program.debug")
    for arguments in [["--only-keep-debug", path, debug], ["--strip-all", "--add-gnu-debuglink=" + debug, path]] {
      let outcome = try await ToolboxProcess.run(path: "/usr/bin/objcopy", arguments)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }
    #expect(Self.names(try PerfDataReaderTests.read(writer.file(), Self.options(directory))) == wanted)
    let content = try RootDirectory().read(debug)
    try directory.write("usr/lib/debug/.build-id/\(digits.prefix(2))/\(digits.dropFirst(2)).debug", content)
    #expect(unlink(debug) == 0)
    var profile = try PerfDataReaderTests.read(writer.file(), Self.options(directory))
    #expect(Self.names(profile) == wanted)

    // The recording is of another build: nothing of the file that is there now is taken.
    var other = buildID
    other[0] ^= 0xFF
    profile = try PerfDataReaderTests.read(
      try Self.recording(path, addresses, buildID: other).file(), Self.options(directory))
    #expect(Self.names(profile) == [nil, nil, nil, nil])
    #expect(profile.objects.map(\.symbols) == [.otherBuild(path)])
    profile = try PerfDataReaderTests.read(
      try Self.recording(path, addresses, buildID: buildID).file(), Self.options(directory))
    #expect(Self.names(profile) == wanted)
  }

  @Test(
    "Symbols that were kept name the same addresses where the program is not",
    .enabled(if: hasTools, "gcc and binutils are not installed"))
  func kept() async throws {
    let directory = try TemporaryDirectory()
    let path = try await Self.built(in: directory, ["-no-pie"])
    let functions = try await Self.functions(path)
    let wanted = ["inner", "outer", "main"]
    let bytes = try Self.recording(path, try wanted.map { try #require(functions[$0]) + 1 }).file()
    var options = Self.options(directory)
    options.symbols.keepsSymbols = true
    let kept = try #require(try PerfDataReaderTests.read(bytes, options).keptSymbols)
    let elsewhere = try TemporaryDirectory()
    var others = Self.options(elsewhere)
    #expect(Self.names(try PerfDataReaderTests.read(bytes, others)) == [nil, nil, nil])
    others.symbols.kept = kept.bytes.withUnsafeBufferPointer { KeptSymbols($0) }
    #expect(Self.names(try PerfDataReaderTests.read(bytes, others)) == wanted)
  }

  @Test(
    "Stubs are named by the function that they lead to", .enabled(if: hasTools, "gcc and binutils are not installed"))
  func stubs() async throws {
    let directory = try TemporaryDirectory()
    let path = try await Self.built(in: directory, ["-pie", "-Wl,-z,lazy"])
    let file = try RootDirectory().map(path)
    let stubs = file.withBytes { bytes in
      ELFFile(UnsafeRawBufferPointer(bytes))?.linkageStubs().map {
        (address: $0.address, name: String(decoding: $0.name.dropLast(), as: UTF8.self))
      } ?? []
    }
    #expect(
      Set(stubs.map(\.name)).isSuperset(of: ["printf@plt"]) || Set(stubs.map(\.name)).contains("__printf_chk@plt"))
    let writer = try Self.recording(path, stubs.map { $0.address + 1 })
    #expect(Self.names(try PerfDataReaderTests.read(writer.file(), Self.options(directory))) == stubs.map(\.name))
  }

  @Test("A cut or changed file is no reason to stop", .enabled(if: hasTools, "gcc and binutils are not installed"))
  func damaged() async throws {
    let directory = try TemporaryDirectory()
    let path = try await Self.built(in: directory, ["-pie"])
    let whole = try RootDirectory().read(path)
    var generator = SystemRandomNumberGenerator()
    for round in 0..<200 {
      var bytes = whole
      if round % 2 == 0 {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
      } else {
        for _ in 0..<8 {
          // The head and the tables are where it hurts.
          let place =
            round % 4 == 1
            ? Int.random(in: 0..<min(1024, bytes.count), using: &generator)
            : Int.random(in: bytes.indices, using: &generator)
          bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        }
      }
      bytes.withUnsafeBytes { bytes in
        guard let file = ELFFile(bytes) else { return }
        var builder = SymbolIndex.Builder()
        file.addSymbols(ofTable: 2, to: &builder)
        file.addSymbols(ofTable: 11, to: &builder)
        let index = builder.finish()
        _ = (0..<64).map { index.find(UInt64($0) * 64) }.map { $0 < 0 ? 0 : index.name($0).count }
        _ = (
          file.linkageStubs().count, file.debugLink?.name, file.modulePlaces().count, file.address(ofFileOffset: 4096)
        )
        _ = file.address(ofSymbol: "main")
      }
    }
  }
}
