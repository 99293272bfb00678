import ArgumentParser
import HostSystem
import KernelReleases

/// The option of every command that can answer for a day of the past.
struct LookBackOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Answer as of the end of this UTC day: YYYY-MM-DD.", valueName: "date"))
  var at: String?
}

extension CommandContext {
  /// What is known, or what was known at the end of the day that was asked for.
  /// - Parameter needsHistory: false leaves out what the present answer does not need.
  func kernelKnowledge(
    _ database: String?, at lookBack: String?, needsHistory: Bool = true
  ) throws -> KernelKnowledge {
    guard let text = lookBack else { return try kernelKnowledge(database, needsHistory: needsHistory) }
    guard let day = CalendarDay(text) else { throw KernelCommandError.notADay(text) }
    let today = CalendarDay(now())
    let knowledge = try kernelKnowledge(database)
    guard day <= today else { throw KernelCommandError.dayToCome(day, today: today) }
    if let first = knowledge.history.releases.compactMap({ $0.date?.day }).min(), day < first {
      throw KernelCommandError.dayBeforeAll(day, first: first)
    }
    if let until = knowledge.knownUntil, until < day {
      note("releases are known up to \(until.spelledOut) only; `toolbox kernel fetch` gets newer ones")
    }
    return knowledge.at(day)
  }
}
