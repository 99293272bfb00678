/// A reader under fuzzing: takes any bytes at all, and stops the process where the reader breaks one of its laws.
typealias FuzzTarget = @Sendable (UnsafeBufferPointer<UInt8>) -> Void

/// The targets by the names that the program is called under, which are those of the directories in `Seeds/`.
private let targets: [String: FuzzTarget] = [
  "account-files": fuzzAccountFiles,
  "archive-list": fuzzArchiveList,
  "baseline-file": fuzzBaselineFile,
  "checksum-list": fuzzFeed,
  "compressed": fuzzCompressed,
  "cve-records": fuzzFeed,
  "dpkg-log": fuzzPackageLog,
  "dpkg-status": fuzzDpkgStatus,
  "end-of-life": fuzzFeed,
  "extended-states": fuzzExtendedStates,
  "finger-banner": fuzzFeed,
  "kernel-feed": fuzzFeed,
  "kernel-image": fuzzKernelImage,
  "kernel-strings": fuzzKernelStrings,
  "kernel-version": fuzzKernelVersions,
  "object-file": fuzzObjectFile,
  "os-release": fuzzOSRelease,
  "perf-command": fuzzPerfCommand,
  "profile-text": fuzzProfileText,
  "recording": fuzzRecording,
  "relations": fuzzRelations,
  "reset-policy": fuzzResetPolicy,
  "symbol-name": fuzzSymbolName,
  "text": fuzzText,
  "xml": fuzzXML,
  "xml-feed": fuzzFeed,
  "versions": fuzzDebianVersions,
]

/// The target that this process is called under.
private let target: FuzzTarget = {
  let program = CommandLine.arguments.first ?? ""
  let name = program.split(separator: "/").last.map(String.init) ?? ""
  guard let target = targets[name] else {
    fatalError("'\(name)' is no fuzz target; call the program as one of \(targets.keys.sorted())")
  }
  return target
}()

/// What libFuzzer calls with every input. Source: the documentation of LLVM, libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  target(UnsafeBufferPointer(start: start, count: count))
  return 0
}

/// Stops the process where a law is broken. `precondition` would not say which one in a release build.
func require(_ holds: Bool, _ law: StaticString = "a law is broken", file: StaticString = #file, line: UInt = #line) {
  if !holds { fatalError("\(law)", file: file, line: line) }
}
