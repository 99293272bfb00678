import FoundationEssentials
import Glibc
import HostSystem
import KernelReleases

/// The program of `watch --exec`: run once for every event, without a shell, until it has taken the event or failed too often.
struct KernelHook {
  /// Absolute.
  let path: String
  /// Its time limit.
  let seconds: Int
  private let context: CommandContext

  /// The name under which the log remembers how far this program has come.
  var reader: String { "exec:\(path)" }

  /// After so many attempts an event is given up, so that one that a program cannot take does not keep the others back.
  static let mostAttempts = 5

  /// - Throws: ``KernelCommandError/badProgram(_:reason:)`` for what cannot be run.
  init(path: String, seconds: Int, context: CommandContext) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw KernelCommandError.badProgram(path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
      throw KernelCommandError.badProgram(path, reason: "it is no file that can be run")
    }
    self.path = path
    self.seconds = seconds
    self.context = context
  }

  /// Gives the program every event that it has not taken, oldest first, and stops at the first one that it fails with.
  /// - Returns: that failure; nil when all is well.
  func run(
    _ store: ReleaseStore, covers: (ReleaseEvent, String?) -> Bool
  ) throws -> KernelCommandError? {
    let mine = try context.runningSeries()
    for logged in try store.events(after: try store.cursor(reader)) {
      if StopSignals.hasCome { return nil }
      guard covers(logged.event, mine) else {
        try store.advance(reader, to: logged.number)
        continue
      }
      if let failure = try give(logged, store) { return failure }
    }
    return nil
  }

  private func give(_ logged: LoggedEvent, _ store: ReleaseStore) throws -> KernelCommandError? {
    let attempts = try store.attempts(of: path, event: logged.number) + 1
    let event = logged.event
    let ending = BoundedProcess.run(
      path, Self.arguments(event), environment: context.environment.merging(try Self.variables(event)) { $1 },
      seconds: seconds, isStopped: { StopSignals.hasCome })
    let (status, result): (Int32?, String) =
      switch ending {
      case .exited(0): (0, "done")
      case .exited(let code) where code > 128: (code, "it died of signal \(code - 128)")
      case .exited(let code): (code, "it ended with \(code)")
      case .timedOut: (nil, "it took longer than \(spelledOut(seconds: seconds)) and was ended")
      case .stopped: (nil, "it was ended since toolbox was told to stop")
      case .notStarted(let reason): (nil, "it could not be started: \(reason)")
      }
    // A stop is no fault of the program's.
    let isCounted = ending != .stopped
    let isGivenUp = isCounted && attempts >= Self.mostAttempts && status != 0
    try store.storeHook(
      path, event: logged.number, attempts: isCounted ? attempts : attempts - 1, status: status, result: result,
      now: context.now(), advancing: status == 0 || isGivenUp ? reader : nil)
    if isGivenUp {
      context.note("\(path): \(event.id) is given up after \(attempts) attempts: \(result)")
      return nil
    }
    return status == 0 || !isCounted ? nil : .hookFailed(path, result: "\(event.id): \(result)")
  }

  /// The kind, the id, and the version where there is one.
  static func arguments(_ event: ReleaseEvent) -> [String] {
    [event.kind.rawValue, event.id] + (event.version.map { [$0.description] } ?? [])
  }

  /// The fields of the event under `TOOLBOX_`, empty where they do not apply, and all of it as JSON.
  static func variables(_ event: ReleaseEvent) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let json = String(decoding: try encoder.encode(event), as: UTF8.self)
    return [
      "TOOLBOX_EVENT": event.kind.rawValue, "TOOLBOX_ID": event.id, "TOOLBOX_VERSION": event.version?.description ?? "",
      "TOOLBOX_SERIES": event.series ?? "", "TOOLBOX_CHANNEL": event.channel?.rawValue ?? "",
      "TOOLBOX_DATE": event.day?.description ?? "", "TOOLBOX_PREVIOUS": event.previous ?? "",
      "TOOLBOX_SKIPPED": event.skipped.map(\.description).joined(separator: " "),
      "TOOLBOX_PRESUMED": event.presumed ? "1" : "0", "TOOLBOX_JSON": json,
    ].mapValues { $0.harmless }
  }
}
