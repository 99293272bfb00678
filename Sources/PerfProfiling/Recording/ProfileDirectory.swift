package import HostSystem

/// What `toolbox perf profile` leaves behind: a directory with the recording, the symbols that it needs, and what was drawn.
package enum ProfileDirectory {
  package static let recordingName = "perf.data"
  package static let symbolsName = "symbols.txt"
  private static let symbolsLimit = 1 << 31

  /// The recording in such a directory, with the options set to use the symbols that are beside it; nil for anything else.
  /// - Throws: ``FileError``
  package static func recording(
    in path: String, options: inout PerfDataReader.Options
  ) throws(FileError) -> String? {
    let host = RootDirectory()
    let directory = absolutePath(path)
    guard path != "-", host.exists(directory), try host.status(of: directory).kind == .directory else { return nil }
    let recording = directory + "/" + recordingName
    guard host.exists(recording) else { return nil }
    let symbols = directory + "/" + symbolsName
    if host.exists(symbols) {
      let file = try host.map(symbols, limit: symbolsLimit)
      options.symbols.kept = file.withBytes { KeptSymbols($0) }
      options.symbols.keptPath = symbols
    }
    return recording
  }
}
