import HostSystem

extension KernelCheck {
  // MARK: Monitoring plugins

  /// The exit code that monitoring plugins give. Source: the Monitoring Plugins development guidelines.
  package var pluginStatus: Int32 { Self.pluginStatus(verdict) }

  /// The code of one verdict.
  package static func pluginStatus(_ verdict: Verdict) -> Int32 {
    switch verdict {
    case .ok: 0
    case .warning: 1
    case .critical: 2
    case .unknown: 3
    }
  }

  /// One line: the verdict, the findings, and behind a bar the figures with their thresholds.
  package func pluginLine(thresholds: Thresholds) -> String {
    var figures: [String] = []
    if let behind = status.standing.behind {
      figures.append("behind_releases=\(behind.releases);;;0")
      if let days = behind.days {
        let critical = thresholds.behindCritical.map(String.init) ?? ""
        figures.append("behind_days=\(days);\(thresholds.behindWarning);\(critical);0")
      }
    }
    if let left = judgedSeries?.daysLeft {
      figures.append("end_of_life_days=\(left);\(thresholds.endWarning):")
    }
    if let isRequired = status.machine.reboot.isRequired {
      figures.append("reboot_required=\(isRequired ? 1 : 0);;;0;1")
    }
    let text = Self.pluginText(verdict, summary)
    return figures.isEmpty ? text : "\(text) | \(figures.joined(separator: " "))"
  }

  /// The series whose end is that of the running kernel; nil where its vendor decides.
  private var judgedSeries: KernelStanding.Series? {
    status.machine.running?.vendor.hasOwnSupport ?? false ? nil : status.standing.series
  }

  /// The line without figures; a bar in the text would begin them.
  package static func pluginText(_ verdict: Verdict, _ message: String) -> String {
    "KERNEL \(verdict.rawValue.uppercased()) - \(message.harmless)".split(separator: "|").joined(separator: "/")
  }

  // MARK: Prometheus

  /// The figures in Prometheus' text format, as the node exporter's textfile collector reads them.
  ///
  /// Source: Prometheus' documentation, "Exposition formats", version 0.0.4. A figure that is not known is left out, and so is
  /// the end of a series that the kernel's vendor goes on with by itself: no alarm may hang on it.
  package var prometheusText: String {
    var text = PrometheusText()
    let running = status.machine.running
    if let running {
      text.add(
        "toolbox_kernel_running_info", "The running kernel.",
        [
          (
            [
              ("release", running.release), ("upstream", running.upstreamText ?? ""), ("vendor", running.vendor.id),
              ("confidence", running.confidence.rawValue), ("series", status.standing.series?.name ?? ""),
            ], 1
          )
        ])
    }
    text.add(
      "toolbox_kernel_latest_info", "The newest release of each track.",
      status.tracks.compactMap { track in
        track.newest.map {
          (
            [("track", track.track.description), ("series", track.series ?? ""), ("version", $0.version.description)], 1
          )
        }
      })
    if let candidate = status.machine.candidate {
      text.add(
        "toolbox_kernel_candidate_info", "The newest kernel image in the package lists.",
        [
          (
            [
              ("release", candidate.identity.release), ("upstream", candidate.identity.upstreamText ?? ""),
              ("package", candidate.metapackage),
            ], 1
          )
        ])
    }
    if let behind = status.standing.behind {
      text.add("toolbox_kernel_behind_releases", "Newer releases of the running kernel's series.", behind.releases)
      if let days = behind.days {
        text.add("toolbox_kernel_behind_days", "Days from the running release to the newest of its series.", days)
      }
    }
    if let series = judgedSeries {
      text.add("toolbox_kernel_end_of_life", "Whether the series has ended upstream.", series.hasEnded ? 1 : 0)
      if let left = series.daysLeft {
        text.add(
          "toolbox_kernel_end_of_life_days", "Days to the published end of the series, negative behind it.", left)
      }
    }
    if let isRequired = status.machine.reboot.isRequired {
      text.add("toolbox_kernel_reboot_required", "Whether a newer kernel is installed than runs.", isRequired ? 1 : 0)
    }
    if let fetched = status.knowledge.fetched {
      text.add(
        "toolbox_kernel_last_fetch_timestamp_seconds", "When the releases were last confirmed.",
        fetched.time.secondsSinceEpoch)
    }
    text.add("toolbox_kernel_stale", "Whether the releases were not confirmed lately.", status.isStale ? 1 : 0)
    return text.text
  }
}

/// Metrics in Prometheus' text format, each with its description and its type.
struct PrometheusText {
  private(set) var text = ""

  mutating func add(_ name: String, _ help: String, _ value: Int) { add(name, help, [([], value)]) }

  /// - Parameter samples: labels and a value each; a metric without samples is left out.
  mutating func add(_ name: String, _ help: String, _ samples: [(labels: [(name: String, value: String)], value: Int)])
  {
    guard !samples.isEmpty else { return }
    text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
    for (labels, value) in samples {
      let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
      text += pairs.isEmpty ? "\(name) \(value)\n" : "\(name){\(pairs)} \(value)\n"
    }
  }

  /// A label's value: what steers terminals is taken out, and backslash, quote and line feed are escaped.
  static func escaped(_ value: String) -> String {
    var result = ""
    for character in value.harmless {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      default: result.append(character)
      }
    }
    return result
  }
}
