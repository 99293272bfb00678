import PerfReference
import TerminalOutput

/// What is said before perf takes over, on standard error.
enum RunText {
  /// From this size on, or this length in seconds, a recording's size is told.
  private static let tellingBytes = 10 << 20
  private static let tellingSeconds = 30

  /// - Parameter freeBytes: in the working directory; nil where it is not known.
  static func lines(
    _ arguments: [String], next: [[String]], estimate: RecordingEstimate?, freeBytes: Int?, paint: Paint
  ) -> [String] {
    var lines = ["running: " + paint(.command, ShellText.visibleLine(arguments))]
    if let estimate, estimate.bytes >= tellingBytes || estimate.seconds >= tellingSeconds {
      var line =
        "size:    up to \(estimate.bytes.byteSize) (\(estimate.rate) samples a second on "
        + "\(estimate.cpus.counted("CPU")) for \(estimate.seconds.counted("second")))"
      if let freeBytes {
        let room = "; \(freeBytes.byteSize) are free here"
        line += freeBytes < estimate.bytes ? paint(.warning, room + ", which is too little: use --max-size") : room
      }
      lines.append(line)
    }
    lines += next.map { "next:    " + paint(.command, ShellText.visibleLine($0)) }
    return lines
  }
}
