/// A profile as a document of our own, `toolbox.perf.profile/1`: everything that the model has, as columns.
package enum ProfileFile {
  package static func bytes(_ profile: Profile) -> [UInt8] {
    var text = ExportText()
    text.raw("{\"schema\":\"toolbox.perf.profile/1\"")
    text.key("origin")
    text.byte("{")
    text.key("command_line")
    text.strings(profile.origin.commandLine)
    optional("host_name", profile.origin.hostName, &text)
    optional("kernel_release", profile.origin.kernelRelease, &text)
    optional("architecture", profile.origin.architecture, &text)
    optional("perf_version", profile.origin.perfVersion, &text)
    text.byte("}")
    text.key("events")
    text.list(profile.events) { text, event in
      text.raw("{\"name\":")
      text.string(event.name)
      text.raw(",\"unit\":")
      text.string(event.unit.rawValue)
      text.byte("}")
    }
    text.key("threads")
    text.list(profile.threads) { text, thread in
      text.raw("{\"command\":")
      text.string(thread.command)
      text.key("process_id")
      if let number = thread.processID { text.number(number) } else { text.raw("null") }
      text.key("thread_id")
      if let number = thread.threadID { text.number(number) } else { text.raw("null") }
      text.byte("}")
    }
    text.key("frames")
    text.list(profile.frames.frames) { text, frame in
      text.byte("{")
      optional("name", frame.name, &text)
      optional("object", frame.object, &text)
      text.key("kind")
      text.string(frame.kind.exportedWord)
      text.byte("}")
    }
    text.key("stacks")
    text.raw("{\"frame\":")
    text.numbers(profile.stacks.frames)
    text.key("caller")
    text.numbers(profile.stacks.parents)
    text.byte("}")
    text.key("samples")
    text.raw("{\"event\":")
    text.numbers(profile.samples.events)
    text.key("thread")
    text.numbers(profile.samples.threads)
    text.key("stack")
    text.numbers(profile.samples.stacks)
    text.key("weight")
    text.numbers(profile.samples.weights)
    text.key("time")
    text.numbers(profile.samples.times)
    text.key("cpu")
    text.numbers(profile.samples.cpus)
    text.byte("}")
    text.key("accounting")
    text.byte("{")
    text.key("samples_in")
    text.number(profile.accounting.samplesIn)
    text.key("samples_out")
    text.number(profile.accounting.samplesOut)
    text.key("without_stack")
    text.number(profile.accounting.withoutStack)
    text.key("lost")
    text.number(profile.accounting.lost)
    text.key("throttled")
    text.number(profile.accounting.throttled)
    text.raw("}}\n")
    return text.bytes
  }

  private static func optional(_ key: StaticString, _ value: String?, _ text: inout ExportText) {
    text.key(key)
    if let value { text.string(value) } else { text.raw("null") }
  }
}

extension Frame.Kind {
  fileprivate var exportedWord: String {
    switch self {
    case .user: "user"
    case .kernel: "kernel"
    case .guestKernel: "guest_kernel"
    case .jit: "jit"
    case .inlined: "inlined"
    case .label: "label"
    }
  }
}
