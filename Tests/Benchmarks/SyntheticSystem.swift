import FoundationEssentials
import Glibc

/// A system of any size, with names, dependencies and descriptions of the usual lengths: the records of dpkg and apt in a
/// directory of its own.
struct SyntheticSystem {
  let path: String

  /// - Returns: nil when the directory cannot be written.
  init?(installed: Int, available: Int) {
    var template = Array("/tmp/toolbox-bench-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { return nil }
    path = String(cString: made)
    do {
      try write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
      try write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
      try write("etc/group", "sudo:x:27:\n")
      try write("etc/apt/sources.list", "deb [trusted=yes] http://archive.example/debian stable main\n")
      try write("var/lib/dpkg/status", Self.status(installed))
      try write("var/lib/apt/extended_states", Self.marks(installed))
      let stem = "var/lib/apt/lists/archive.example_debian_dists_stable_"
      try write(stem + "main_binary-amd64_Packages", Self.list(available))
      try write(stem + "Release", "Origin: Debian\nSuite: stable\nCodename: stable\nComponents: main\n")
      try FileManager.default.createDirectory(
        atPath: path + "/var/lib/apt/lists/partial", withIntermediateDirectories: true)
    } catch {
      remove()
      return nil
    }
  }

  func remove() {
    // What is left of a made-up system in /tmp harms nobody.
    _ = try? FileManager.default.removeItem(atPath: path)
  }

  /// The arguments that make apt-get look at this system, without a cache of its own.
  var aptArguments: [String] {
    let settings = [
      "Debug::NoLocking=1", "Dir::State::status=\(path)/var/lib/dpkg/status",
      "Dir::State::extended_states=\(path)/var/lib/apt/extended_states", "Dir::State::lists=\(path)/var/lib/apt/lists",
      "Dir::Etc::SourceList=\(path)/etc/apt/sources.list", "Dir::Etc::SourceParts=/dev/null",
      "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=",
    ]
    return ["-s"] + settings.flatMap { ["-o", $0] }
  }

  private func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      atPath: url.deletingLastPathComponent().path, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Every tenth package is chosen by name; each needs up to four of those before it, so that the graph is deep.
  private static func depends(_ number: Int) -> String {
    let needs = (1...4).map { number / ($0 + 1) }.filter { $0 > 0 && $0 != number }
    return Set(needs).sorted().map {
      $0 % 7 == 0 ? "\(name($0)) (>= 1.0) | virtual-\($0 / 40)" : "\(name($0)) (>= 1.0)"
    }
    .joined(separator: ", ")
  }

  private static func name(_ number: Int) -> String { "lib-part\(number)-of-something" }

  private static func stanza(_ number: Int, _ extra: String) -> String {
    let needs = depends(number)
    return "Package: \(name(number))\n\(extra)Priority: \(number < 60 ? "required" : "optional")\nSection: libs\n"
      + "Installed-Size: \(100 + number % 5000)\nMaintainer: Somebody With a Name <somebody@example.org>\n"
      + "Architecture: amd64\nVersion: 1.\(number % 40)-\(number % 9)\n"
      + (needs.isEmpty ? "" : "Depends: \(needs)\n") + (number % 11 == 0 ? "Provides: virtual-\(number / 40)\n" : "")
      + "Description: part \(number) of something that is described in a line\n"
  }

  private static func status(_ count: Int) -> String {
    var text = ""
    for number in 0..<count {
      text += stanza(number, "Status: install ok installed\n")
      text +=
        " The long description has some lines of ordinary words, so that the record\n has the size of a real one.\n\n"
    }
    return text
  }

  private static func marks(_ count: Int) -> String {
    (0..<count).filter { $0 % 10 != 0 }
      .map { "Package: \(name($0))\nArchitecture: amd64\nAuto-Installed: 1\n\n" }.joined()
  }

  private static func list(_ count: Int) -> String {
    var text = ""
    text.reserveCapacity(count * 700)
    for number in 0..<count {
      text += stanza(number, "Source: something-\(number / 3)\n")
      text += "Description-md5: 0123456789abcdef0123456789abcdef\nTag: role::shared-lib, implemented-in::c\n"
      text += "Filename: pool/main/l/lib-part/lib-part\(number)_1.0_amd64.deb\nSize: \(1000 + number)\n"
      text += "SHA256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n"
    }
    return text
  }
}
