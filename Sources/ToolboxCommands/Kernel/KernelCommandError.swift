import HostSystem
import KernelReleases

/// What a kernel command cannot answer.
enum KernelCommandError: ReportableError {
  /// The text is not a version.
  case notAVersion(String)
  /// A version that nothing is known of; the nearest ones, and the day up to which releases are known. With `isLookBack` it
  /// was not out on that day as far as is known.
  case unknownVersion(KernelVersion, nearest: [KernelVersion], until: CalendarDay?, isLookBack: Bool)
  /// The text is neither a channel nor a series.
  case notAChannel(String)
  /// The text is no series.
  case notASeries(String)
  /// Nothing is known of a channel or a series.
  case nothingKnown(String)
  /// The user has no home directory and no state directory.
  case noPlaceForDatabase
  /// The text is not a length of time.
  case notATime(String)
  /// A file cannot be unpacked; the name and why.
  case badFile(String, reason: String)
  /// The log has no event with this id.
  case unknownEvent(String)
  /// The text is no track.
  case notATrack(String)
  /// A track that is to be removed or acknowledged and is not there.
  case absentTrack(String)
  /// The program of a hook cannot be run; its path and why.
  case badProgram(String, reason: String)
  /// A program that was given an event failed; its path and how it ended.
  case hookFailed(String, result: String)
  /// A version was waited for and did not come in time.
  case notYetOut(KernelVersion, waited: Int)
  /// The text is not a day.
  case notADay(String)
  /// The day is still to come.
  case dayToCome(CalendarDay, today: CalendarDay)
  /// Nothing is known of so early a day.
  case dayBeforeAll(CalendarDay, first: CalendarDay)

  var failureKind: FailureKind {
    switch self {
    case .notAVersion, .notAChannel, .notASeries, .noPlaceForDatabase, .notATime, .unknownEvent, .notATrack,
      .badProgram, .notADay,
      .dayToCome, .dayBeforeAll:
      .usage
    case .unknownVersion, .nothingKnown, .hookFailed, .absentTrack: .failed
    case .badFile: .badData
    case .notYetOut: .tryLater
    }
  }

  var message: String {
    switch self {
    case .notAVersion(let text):
      "\"\(text)\" is not a kernel version; write it like 6.12, 6.1.140, 4.15-rc6 or next-20260828"
    case .unknownVersion(let version, let nearest, let until, let isLookBack):
      "\(version): no such release is known"
        + (isLookBack ? until.map { " on \($0.spelledOut)" } ?? "" : "")
        + (nearest.isEmpty
          ? ""
          : "; the nearest \(nearest.count == 1 ? "is" : "are") "
            + nearest.map(\.description).joined(separator: ", "))
        + (isLookBack
          ? "; without --at later ones are known"
          : until.map { "; releases are known up to \($0.spelledOut), `toolbox kernel fetch` gets newer ones" } ?? "")
    case .notAChannel(let text):
      "\"\(text)\" is neither a channel (mainline, rc, stable, longterm, linux-next) nor a series like 6.1"
    case .notASeries(let text): "\"\(text)\" is no series; write it like 6.1 or 2.6.39"
    case .nothingKnown(let text): "\(text): no release of it is known; `toolbox kernel list --all` shows what is"
    case .noPlaceForDatabase: "no place for the database: set HOME or XDG_STATE_HOME, or name a file with --database"
    case .notATime(let text): "\"\(text)\" is not a length of time up to ten years; write it like 30s, 15m, 2h or 1d"
    case .badFile(let name, let reason): "\(name): \(reason)"
    case .unknownEvent(let id): "\(id): the log has no event with this id; `toolbox kernel events` lists them"
    case .notATrack(let text):
      "\"\(text)\" is no track; there are mainline, rc, stable, linux-next, mine, and every series, such as 6.1"
    case .absentTrack(let name): "\(name): there is no such track; `toolbox kernel tracks` lists them"
    case .badProgram(let path, let reason): "\(path): \(reason); --exec takes the path of a program"
    case .hookFailed(let path, let result): "\(path): \(result); it gets the event again in the next round"
    case .notYetOut(let version, let waited): "\(version) did not come out within \(spelledOut(seconds: waited))"
    case .notADay(let text): "\"\(text)\" is not a day; write it like 2017-12-31"
    case .dayToCome(let day, let today):
      "\(day) is still to come, today is \(today); `toolbox kernel next` foretells, --at looks back"
    case .dayBeforeAll(let day, let first):
      "nothing is known of \(day): the history begins on \(first.spelledOut)"
    }
  }
}
