import CPerfEvent
package import HostSystem

/// A perf program, and what it says of itself.
package struct PerfBinary: Sendable, Equatable {
  package let path: String
  /// Whether it is a script that looks for the real program, as on Ubuntu and older Debian.
  package let isWrapper: Bool
  /// What stands behind `perf version`: `6.1.187`; nil where it did not say.
  package let version: String?
  /// What it was built with, by the names of `perf version --build-options`.
  package let features: [String: Bool]
  /// Whether it has its programs for BPF; nil where that is not told.
  package let hasBPFSkeletons: Bool?
  /// Whether its file has capabilities or the set-user-id bit, so that it may more than the caller.
  package var hasOwnRights = false
  /// What it said instead of its version, in one line; nil where all is well.
  package let complaint: String?

  package init(
    path: String, isWrapper: Bool, version: String?, features: [String: Bool] = [:], hasBPFSkeletons: Bool? = nil,
    complaint: String? = nil
  ) {
    self.path = path
    self.isWrapper = isWrapper
    self.version = version
    self.features = features
    self.hasBPFSkeletons = hasBPFSkeletons
    self.complaint = complaint
  }

  /// The first two numbers of the version.
  package var release: (major: Int, minor: Int)? { version.flatMap(Self.release) }

  /// The first two numbers of a version of perf or of the kernel: `6.1.187`, `6.18.44-fc`, `5.19.rc8.g0123`.
  package static func release(of text: String) -> (major: Int, minor: Int)? {
    let numbers = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard numbers.count >= 2, let major = Int(numbers[0]),
      let minor = Int(numbers[1].prefix { $0.isASCII && $0.isNumber })
    else { return nil }
    return (major, minor)
  }

  /// Reads what `perf version --build-options` prints.
  static func parse(_ text: String) -> (version: String?, features: [String: Bool]) {
    var version: String?
    var features: [String: Bool] = [:]
    for line in text.split(separator: "\n") {
      if line.hasPrefix("perf version ") {
        let words = line.dropFirst("perf version ".count)
        if !words.isEmpty { version = String(words).harmless }
        continue
      }
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].split(separator: " ").joined()
      let value = line[line.index(after: colon)...].prefix { $0 != "#" }.filter { $0.isLetter }.lowercased()
      if value == "on" || value == "off" { features[name.harmless] = value == "on" }
    }
    return (version, features)
  }
}

/// Finds perf programs on a machine.
package enum PerfLocator {
  /// The programs that a name could mean, in the order in which a shell would take them, the rest behind.
  ///
  /// For root relative and empty entries of `PATH` do not count: they would run what lies in somebody's directory.
  /// - Parameter given: a path that was named; then it alone counts.
  package static func candidates(
    given: String? = nil, environment: [String: String], userID: UInt32, root: RootDirectory = RootDirectory()
  ) -> [String] {
    if let given { return [given] }
    var result: [String] = []
    func add(_ path: String) {
      guard !result.contains(path), isProgram(path, root) else { return }
      result.append(path)
    }
    let entries = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(
      separator: ":", omittingEmptySubsequences: false)
    let directories = entries.filter { userID != 0 || $0.hasPrefix("/") }.map { $0.isEmpty ? "." : String($0) }
    for directory in directories { add(directory + "/perf") }
    for directory in ["/usr/bin", "/usr/local/bin"] {
      for name in names(in: directory, root) where name.hasPrefix("perf_") && isVersion(name.dropFirst(5)) {
        add("\(directory)/\(name)")
      }
    }
    for folder in names(in: "/usr/lib", root) where folder.hasPrefix("linux-tools") {
      add("/usr/lib/\(folder)/perf")
      for version in names(in: "/usr/lib/\(folder)", root) { add("/usr/lib/\(folder)/\(version)/perf") }
    }
    return result
  }

  /// A name that somebody asks for without a path is looked for as in `PATH`; everything else is a path.
  package static func isProgram(_ path: String, _ root: RootDirectory = RootDirectory()) -> Bool {
    guard let status = try? root.status(of: path) else { return false }
    return status.kind == .file && status.mode & 0o111 != 0
  }

  /// Whether a program is a script.
  static func isScript(_ path: String, _ root: RootDirectory) -> Bool {
    // What cannot be read is no script: the kernel could not read its first line either.
    guard let bytes = try? root.map(path) else { return false }
    return bytes.withBytes { $0.starts(with: "#!".utf8) }
  }

  private static func isVersion(_ text: Substring) -> Bool { text.first?.isNumber == true }

  private static func names(in directory: String, _ root: RootDirectory) -> [String] {
    // A directory that may not be read holds nothing that could be run from here.
    ((try? root.names(in: directory)) ?? nil) ?? []
  }

  /// Asks a program what it is.
  package static func inspect(
    _ path: String, environment: [String: String], root: RootDirectory = RootDirectory()
  ) -> PerfBinary {
    let isWrapper = isScript(path, root)
    do {
      let outcome = try ChildProcess.run(
        path, ["version", "--build-options"], environment: environment, limit: 1 << 20)
      let (version, features) = PerfBinary.parse(outcome.output)
      guard outcome.status == 0, version != nil else {
        let said = (outcome.errors + outcome.output).split(separator: "\n").first.map(String.init) ?? "nothing"
        return PerfBinary(path: path, isWrapper: isWrapper, version: version, complaint: said.harmless)
      }
      let skeletons: Bool?
      if let told = features["bpf_skeletons"] {
        skeletons = told
      } else {
        // Before 6.4 the build options say nothing of it, but the help of an option that needs it does.
        let help = try ChildProcess.run(path, ["record", "-h"], environment: environment, limit: 1 << 20)
        let text = help.output + help.errors
        skeletons = text.contains("--off-cpu") ? !text.contains("BUILD_BPF_SKEL") : false
      }
      var binary = PerfBinary(
        path: path, isWrapper: isWrapper, version: version, features: features, hasBPFSkeletons: skeletons)
      binary.hasOwnRights = toolbox_has_own_rights(path) != 0
      return binary
    } catch {
      return PerfBinary(path: path, isWrapper: isWrapper, version: nil, complaint: error.message.harmless)
    }
  }
}
