import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Completions and key bindings, in the shells themselves.
@Suite struct ShellComfortTests {
  private static func has(_ shell: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/" + shell)
  }

  /// A directory with the program under its own name, and PATH led to it.
  private func tools() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    guard symlink(ToolboxProcess.path, directory("toolbox")) == 0 else { throw POSIXError(.EIO) }
    return directory
  }

  private func path(_ directory: TemporaryDirectory) -> String { directory.path + ":/usr/bin:/bin" }

  /// What bash offers behind a line.
  private func bashOffers(_ words: [String]) async throws -> [String] {
    let directory = try tools()
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let script = """
      eval "$(toolbox --generate-completion-script bash)"
      COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
      COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
      _toolbox toolbox "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let outcome = try await ToolboxProcess.run(
      path: "/bin/bash", ["--norc", "-c", script], environment: ["PATH": path(directory)])
    return outcome.output.split(separator: "\n").map(String.init)
  }

  @Test func `bash completes recipes, groups and values`() async throws {
    #expect(
      try await bashOffers(["toolbox", "perf", "show", "count-p"]).sorted() == [
        "count-per-cpu", "count-per-thread", "count-pid",
      ])
    #expect(
      try await bashOffers(["toolbox", "perf", "run", "profile-off"]) == ["profile-off-cpu", "profile-off-cpu-bpf"])
    #expect(try await bashOffers(["toolbox", "perf", "run", "count-pid", "d"]) == ["duration="])
    #expect(try await bashOffers(["toolbox", "perf", "list", "--group", "sched"]) == ["scheduler"])
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `completions and bindings are in the shell's own language`(shell: String) async throws {
    guard Self.has(shell) else {
      print("\(shell) is not installed: its completions and its binding were not read")
      return
    }
    let directory = try tools()
    for arguments in [["--generate-completion-script", shell], ["perf", "bindings", shell]] {
      let text = try await ToolboxProcess.run(arguments)
      #expect(text.status == 0)
      let file = try directory.write("script", text: text.output)
      let read = try await ToolboxProcess.run(
        path: "/usr/bin/" + shell, ["-n", file], environment: ["HOME": directory.path])
      #expect(read.status == 0, "\(read.errors)")
    }
  }

  /// A shell on a terminal of its own.
  private struct Session {
    let directory: TemporaryDirectory
    let shell: String

    /// Starts the shell without a person's settings, runs a line in it and waits until that is done.
    func start(_ line: String) async throws {
      let command =
        switch shell {
        case "bash": "bash --norc -i"
        case "zsh": "zsh -f -i"
        default: "fish --no-config -i"
        }
      _ = try await tmux(["new-session", "-d", "-x", "120", "-y", "30", command])
      try await type(line + "; echo loa''ded", "Enter")
      #expect(try await screen(with: "\nloaded").contains("\nloaded"), "\(shell)")
    }

    func type(_ text: String, _ keys: String...) async throws {
      if !text.isEmpty { _ = try await tmux(["send-keys", "-l", text]) }
      if !keys.isEmpty { _ = try await tmux(["send-keys"] + keys) }
    }

    /// What stands on the screen, as soon as it holds a text, or after ten seconds.
    func screen(with text: String) async throws -> String {
      var screen = ""
      for _ in 0..<100 {
        screen = try await tmux(["capture-pane", "-p"])
        if screen.contains(text) { break }
        try await Task.sleep(for: .milliseconds(100))
      }
      return screen
    }

    func end() async throws { _ = try await tmux(["kill-server"]) }

    private func tmux(_ arguments: [String]) async throws -> String {
      try await ToolboxProcess.run(
        path: "/usr/bin/tmux", ["-S", directory("tmux"), "-f", "/dev/null"] + arguments,
        environment: [
          "PATH": directory.path + ":/usr/bin:/bin", "TERM": "xterm", "HOME": directory.path, "SHELL": "/bin/sh",
        ]
      ).output
    }
  }

  @Test(
    .enabled(if: has("tmux"), "tmux is not installed"), .timeLimit(.minutes(2)), arguments: ["bash", "zsh", "fish"])
  func `the tabulator completes a recipe`(shell: String) async throws {
    guard Self.has(shell) else {
      print("\(shell) is not installed: its completions were not tried")
      return
    }
    let directory = try tools()
    let script = try await ToolboxProcess.run(["--generate-completion-script", shell]).output
    try directory.write("functions/_toolbox", text: script)
    let session = Session(directory: directory, shell: shell)
    let file = directory("functions/_toolbox")
    try await session.start(
      shell == "zsh"
        ? "fpath=(\(directory("functions")) $fpath); autoload -U compinit; compinit -u -D" : "source \(file)")
    try await session.type("toolbox perf show count-pi", "Tab")
    let screen = try await session.screen(with: "show count-pid")
    #expect(screen.contains("show count-pid"), "\(screen)")
    try await session.end()
  }

  @Test(
    .enabled(if: has("tmux"), "tmux is not installed"), .timeLimit(.minutes(2)), arguments: ["bash", "zsh", "fish"])
  func `the key puts the chosen command on the prompt`(shell: String) async throws {
    guard Self.has(shell) else {
      print("\(shell) is not installed: its key binding was not pressed")
      return
    }
    let directory = try tools()
    // Chooses as a person would.
    let finder = try directory.write("fzf", text: "#!/bin/sh\ncat >/dev/null\nprintf 'count-pid\\tx\\n'\n")
    #expect(chmod(finder, 0o755) == 0)
    let session = Session(directory: directory, shell: shell)
    try await session.start(
      shell == "fish" ? "toolbox perf bindings fish | source" : "eval \"$(toolbox perf bindings \(shell))\"")
    try await session.type("", "C-x", "p")
    let screen = try await session.screen(with: "perf stat -p PID -- sleep 10")
    #expect(screen.contains("perf stat -p PID -- sleep 10"), "\(screen)")
    // It waits there for the person.
    #expect(!screen.contains("not found"))
    try await session.end()
  }

  @Test func `without a terminal nothing can be chosen`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "pick"])
    #expect(outcome.status == 64)
    #expect(outcome.errors == "toolbox: perf: no recipe is named; \"toolbox perf list\" names them all\n")
  }
}
