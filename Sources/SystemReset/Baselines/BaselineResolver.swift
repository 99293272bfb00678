import DebianPackages
package import HostSystem

/// Baselines that were readable and still say nothing.
package enum BaselineError: ReportableError, Equatable {
  /// The lists of removals take every package away.
  case nothingLeft(path: String)
  /// Only lists of removals were named.
  case onlyRemovals(path: String)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .nothingLeft(let path):
      "\(path): nothing is left of it after the removals, and an empty baseline would make nothing stock; name another list"
    case .onlyRemovals(let path):
      "\(path): is a list of what an installer removes; name the list of the image before it, with another --baseline"
    }
  }
}

extension Baseline {
  /// The baseline of a system: a file that was named, else a saved baseline, the installer's record, the list of an image,
  /// or at last the root closure.
  /// - Parameter files: what `--baseline` named: paths of the host. The first is the list; further ones are its layers, or
  ///   removals when their names end in `-remove`.
  /// - Throws: ``FileError``, ``BaselineFileError``, ``BaselineError``
  package static func resolve(_ snapshot: SystemSnapshot, files: [String] = []) throws -> Baseline {
    let evidence = try BaselineReader.read(root: snapshot.root, release: snapshot.release, files: files)
    var baseline = try BaselineResolver(snapshot, evidence).resolve()
    baseline.files = files
    return baseline
  }
}

/// Decides from the evidence what is stock, and how sure that is. Pure.
///
/// Every doubt takes the confidence down by one step; those that forbid acting without a look are blockers, which
/// `--accept-baseline` overrides.
package struct BaselineResolver: Sendable {
  private let snapshot: SystemSnapshot
  private let evidence: BaselineEvidence
  private let places = BaselinePlaces.shipped
  private let judge: BaselineJudge

  package init(_ snapshot: SystemSnapshot, _ evidence: BaselineEvidence) {
    self.snapshot = snapshot
    self.evidence = evidence
    judge = BaselineJudge(snapshot)
  }

  /// - Throws: ``BaselineError``
  package func resolve() throws(BaselineError) -> Baseline {
    var others: [Baseline] = []
    var passedOver: [SystemSnapshot.Notice] = []
    var result: Baseline
    let image = try imageBaseline(&passedOver)
    if !evidence.given.isEmpty {
      result = try given()
      others = [evidence.saved.map(saved), evidence.record.map(record), image].compactMap { $0 }
    } else if let file = evidence.saved {
      result = saved(file)
      others = [evidence.record.map(record), image].compactMap { $0 }
    } else if let file = evidence.record {
      result = record(file)
      others = [image].compactMap { $0 }
    } else {
      result = image ?? .rootClosure
    }
    result.notices += evidence.notices + passedOver
    if result.members != nil { judge.judgeExtent(&result) }
    judgeSituations(&result)
    for other in others { judge.compare(&result, with: other) }
    if result.members != nil { judge.compareWithClosure(&result) }
    return result
  }

  // MARK: The sources

  private func given() throws(BaselineError) -> Baseline {
    var result = try united(evidence.given, source: .file, confidence: .high)
    result.plansUnmarked = true
    guard let first = evidence.given.first else { return result }
    result.date = first.date
    if result.listsImage { addBacks(&result) }
    if let system = first.system {
      judge.judgeSystem(&result, system)
    } else {
      judge.judgeRelease(&result, medium: nil, blocker: "other-release")
    }
    judge.judgeArchitecture(&result)
    judge.judgeFlavour(&result)
    return result
  }

  private func saved(_ file: BaselineFile) -> Baseline {
    var result = single(file, source: .saved)
    if let system = file.system { judge.judgeSystem(&result, system) }
    judge.judgeArchitecture(&result)
    return result
  }

  private func record(_ file: BaselineFile) -> Baseline {
    var result = single(file, source: .installerRecord)
    judge.judgeRelease(&result, medium: evidence.medium, blocker: "upgraded-release")
    judge.judgeArchitecture(&result)
    judge.judgeFlavour(&result)
    return result
  }

  /// The list of the image, where there is one of this system; one of another system is passed over with a notice.
  private func imageBaseline(_ passedOver: inout [SystemSnapshot.Notice]) throws(BaselineError) -> Baseline? {
    guard !evidence.image.isEmpty else { return nil }
    var result = try united(evidence.image, source: .imageManifest, confidence: .medium)
    let medium = evidence.imageMedium ?? evidence.medium
    result.date = medium?.date
    result.listsImage = true
    result.plansUnmarked = evidence.isMinimal == false
    judge.judgeRelease(&result, medium: medium, blocker: "other-release")
    judge.judgeArchitecture(&result)
    judge.judgeFlavour(&result)
    if let blocker = result.blockers.first {
      passedOver.append(
        SystemSnapshot.Notice(
          id: "other-image",
          message: "the list of an image that is not this system's is passed over: \(blocker.message)",
          subject: result.path ?? ""))
      return nil
    }
    addBacks(&result)
    let leavesOut = evidence.image.contains { $0.path.hasSuffix("-minimal-remove") || $0.format == .layer }
    if evidence.isMinimal == true, !leavesOut {
      result.doubt(
        "minimal-installation", "the installation was a minimal one, and nothing says what that left out of the image",
        subject: result.path ?? "")
    }
    return result
  }

  private func single(_ file: BaselineFile, source: ResetPlan.BaselineSource) -> Baseline {
    Baseline(
      source: source, path: file.path, date: file.date, confidence: .high, notes: file.notes,
      members: Dictionary(grouping: file.members, by: \.name), snaps: Set(file.snaps.map(\.name)))
  }

  /// Lists, their layers and their removals as one.
  private func united(
    _ files: [BaselineFile], source: ResetPlan.BaselineSource, confidence: ResetPlan.Confidence
  ) throws(BaselineError) -> Baseline {
    let removals = files.filter { $0.path.hasSuffix("-remove") }
    let lists = files.filter { !$0.path.hasSuffix("-remove") }
    guard let first = lists.first else { throw .onlyRemovals(path: files.first?.path ?? "") }
    var result = Baseline(source: source, path: first.path, confidence: confidence, members: [:])
    var members: [String: [Baseline.Member]] = [:]
    // A layer stands on those with shorter names, whatever order they were named in.
    for file in lists.sorted(by: { $0.path.utf8.count < $1.path.utf8.count }) {
      for name in file.withdrawn { members[name] = nil }
      for member in file.members {
        var known = members[member.name] ?? []
        known.removeAll { $0.isSame(as: member) }
        members[member.name] = known + [member]
      }
      result.snaps.formUnion(file.snaps.map(\.name))
      result.notes += file.notes
      if file.path != first.path { result.notes.append("with \(file.path)") }
      judgeLayer(file, among: lists, &result)
    }
    result.listsImage =
      !removals.isEmpty || lists.contains { $0.format == .layer }
      || places.livePackages.contains { members[$0] != nil }
    for file in removals {
      let before = members.count
      for member in file.members { members[member.name] = nil }
      result.notes.append("without the \(before - members.count) packages that \(file.path) takes away")
      result.notes += file.notes
    }
    guard !members.isEmpty else { throw .nothingLeft(path: first.path) }
    result.members = members
    return result
  }

  /// A layer without what it stands on lists a part only.
  private func judgeLayer(_ file: BaselineFile, among lists: [BaselineFile], _ result: inout Baseline) {
    guard file.format == .layer else { return }
    let below = BaselineReader.neighbours(of: file.path, .layer)
    if let lower = below.first(where: { path in !lists.contains { $0.path == path } }) {
      result.doubt(
        "layer-missing", "it is a layer, and the list below it (\(lower)) is not there", subject: file.path)
    }
  }

  /// Adds what installers add to an image: what is installed of those classes is stock.
  private func addBacks(_ result: inout Baseline) {
    var counts: [String: Int] = [:]
    var added: [String: [Baseline.Member]] = [:]
    for package in snapshot.graph.packages where result.members?[package.id.name] == nil {
      guard let found = NameClass.imageAddbacks.first(where: { $0.matches(package.id.name) }) else { continue }
      counts[found.id, default: 0] += 1
      added[package.id.name, default: []].append(
        Baseline.Member(name: package.id.name, architecture: package.id.architecture))
    }
    result.members?.merge(added) { first, _ in first }
    guard !counts.isEmpty else { return }
    let classes = counts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    result.notes.append("what installers add to an image counts as stock where it is installed: \(classes)")
  }

  // MARK: Situations

  private func judgeSituations(_ result: inout Baseline) {
    for situation in evidence.situations {
      guard !situation.trusted.contains(result.source) else {
        result.notes.append("\(situation.reason) (\(situation.subject))")
        continue
      }
      if situation.isOverridable {
        result.doubt(situation.id, situation.reason, subject: situation.subject)
      } else {
        result.blockers.append(
          ResetPlan.Blocker(id: situation.id, message: situation.reason, subject: situation.subject, override: nil))
      }
    }
  }
}

extension Baseline {
  /// Takes in a doubt that forbids acting on this baseline without a look, and lowers the confidence by a step.
  mutating func doubt(_ id: String, _ message: String, subject: String) {
    lowerConfidence()
    blockers.append(ResetPlan.Blocker(id: id, message: message, subject: subject, override: "--accept-baseline"))
  }

  /// Takes the confidence down by one step.
  mutating func lowerConfidence() {
    switch confidence {
    case .high: confidence = .medium
    case .medium, .low: confidence = .low
    }
  }
}

extension Baseline.Member {
  /// Whether both name one package, whatever the version.
  func isSame(as other: Self) -> Bool { name == other.name && architecture == other.architecture }
}
