import Glibc

/// Names as people write them, from names as linkers see them.
///
/// C++ goes through the system's libstdc++, without arguments as in perf's own text; Swift through the runtime that this program is built with, and Rust is taken
/// apart here.
struct Demangler {
  private typealias CxxFunction =
    @convention(c) (
      UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Int32>?
    ) -> UnsafeMutablePointer<CChar>?

  private let cxxFunction: CxxFunction?

  init() {
    // The program may have the library already; else it is opened.
    let name = "__cxa_demangle"
    let place =
      dlsym(nil, name) ?? dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL).flatMap { dlsym($0, name) }
    cxxFunction = place.map { unsafeBitCast($0, to: CxxFunction.self) }
  }

  /// Longer names are left as they are: some demanglers need time and stack that grow with more than the length.
  private static let longestName = 32_768

  /// The name to show; the same one where it is not mangled, or in a way that is not known.
  func demangled(_ name: UnsafeBufferPointer<UInt8>) -> String {
    guard name.count > 3, name.count <= Self.longestName else { return String(decoding: name, as: UTF8.self) }
    switch (name[0], name[1]) {
    case (UInt8(ascii: "_"), UInt8(ascii: "Z")), (UInt8(ascii: "_"), UInt8(ascii: "_")):
      guard let first = name.firstIndex(of: UInt8(ascii: "Z")), first <= 4,
        name[..<first].allSatisfy({ $0 == UInt8(ascii: "_") })
      else { break }
      if let plain = cxx(name) { return RustNames.legacy(plain) ?? FrameText.withoutArguments(Substring(plain)) }
    case (UInt8(ascii: "_"), UInt8(ascii: "R")): if let plain = RustNames.v0(name) { return plain }
    case (UInt8(ascii: "$"), UInt8(ascii: "s")), (UInt8(ascii: "$"), UInt8(ascii: "S")),
      (UInt8(ascii: "$"), UInt8(ascii: "e")),
      (UInt8(ascii: "_"), UInt8(ascii: "T")), (UInt8(ascii: "_"), UInt8(ascii: "$")):
      if let plain = swift(name) { return plain }
    default: break
    }
    return String(decoding: name, as: UTF8.self)
  }

  /// The name to show of one that stands in a text; nil where it is not mangled, as most there are not.
  func plain(_ name: Substring) -> String? {
    guard ["$s", "_$s", "$S", "_$S", "$e", "_$e", "_Z", "_R"].contains(where: name.hasPrefix) else { return nil }
    var text = String(name)
    let found = text.withUTF8 { demangled($0) }
    return found == text ? nil : found
  }

  private func cxx(_ name: UnsafeBufferPointer<UInt8>) -> String? {
    guard let cxxFunction else { return nil }
    return withTerminated(name) { text in
      var status: Int32 = 0
      guard let result = cxxFunction(text, nil, nil, &status) else { return nil }
      defer { free(result) }
      return status == 0 ? String(cString: result) : nil
    }
  }

  private func swift(_ name: UnsafeBufferPointer<UInt8>) -> String? {
    withTerminated(name) { text in
      guard let result = swiftDemangle(text, name.count, nil, nil, 0) else { return nil }
      defer { free(result) }
      return String(cString: result)
    }
  }

  private func withTerminated(
    _ name: UnsafeBufferPointer<UInt8>, _ body: (UnsafePointer<CChar>) -> String?
  ) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { copy in
      guard let base = copy.baseAddress, let source = name.baseAddress else { return nil }
      memcpy(base, source, name.count)
      base[name.count] = 0
      return body(base)
    }
  }
}

/// The runtime's own demangler. Source: swift/stdlib/public/runtime of the Swift project, `swift_demangle`.
@_silgen_name("swift_demangle")
private func swiftDemangle(
  _ name: UnsafePointer<CChar>?, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>?,
  _ size: UnsafeMutablePointer<Int>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?
