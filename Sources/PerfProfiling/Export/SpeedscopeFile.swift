/// A profile as speedscope opens it. Source: jlfwong/speedscope, src/lib/file-format-spec.ts.
package enum SpeedscopeFile {
  /// - Parameter event: the place of the only event to take; nil for all of them.
  package static func bytes(_ profile: Profile, event: Int? = nil, name: String) -> [UInt8] {
    var text = ExportText()
    text.raw("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"exporter\":\"toolbox\",\"name\":")
    text.string(name)
    text.raw(",\"activeProfileIndex\":0,\"shared\":{\"frames\":[")
    for (number, frame) in profile.frames.frames.enumerated() {
      if number > 0 { text.byte(",") }
      text.raw("{\"name\":")
      text.string(frame.shownName)
      if let object = frame.object {
        text.raw(",\"file\":")
        text.string(object)
      }
      text.byte("}")
    }
    text.raw("]},\"profiles\":")
    text.list(ExportedSamples.all(profile, event: event)) { text, group in write(group, profile, &text) }
    text.raw("}\n")
    return text.bytes
  }

  private static func write(_ group: ExportedSamples, _ profile: Profile, _ text: inout ExportText) {
    let event = profile.events[group.event]
    let thread = profile.threads[group.thread].exportedName
    text.raw("{\"type\":\"sampled\",\"name\":")
    text.string(profile.events.count > 1 ? "\(thread) (\(event.name))" : thread)
    text.raw(",\"unit\":")
    text.string(event.unit == .nanoseconds ? "nanoseconds" : event.unit == .bytes ? "bytes" : "none")
    // Neighbours with one stack are one sample that weighs more.
    var stacks: [Int32] = []
    var weights: [UInt64] = []
    var whole: UInt64 = 0
    for sample in group.samples {
      let (stack, weight) = (profile.samples.stacks[sample], profile.samples.weights[sample])
      whole.add(weight)
      if stacks.last == stack {
        weights[weights.count - 1].add(weight)
      } else {
        stacks.append(stack)
        weights.append(weight)
      }
    }
    text.raw(",\"startValue\":0,\"endValue\":")
    text.number(whole)
    text.raw(",\"samples\":")
    text.list(stacks) { $0.numbers(profile.stacks.frames(of: $1)) }
    text.raw(",\"weights\":")
    text.numbers(weights)
    text.byte("}")
  }
}
