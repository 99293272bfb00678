import FoundationEssentials
import TestSupport
import Testing

@Suite("the flame graph as a browser and an XML reader see it")
struct FlameGraphTests {
  private static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first(
    where: FileManager.default.isExecutableFile)
  private static let xmllint = "/usr/bin/xmllint"
  private static let stacks = "app;main;parse;read 30\napp;main;parse 10\napp;main;draw;paint 50\nother;wait 10\n"

  private func draw(
    _ folded: String, _ arguments: [String] = [], in directory: TemporaryDirectory
  ) async throws -> String {
    try directory.write("in.folded", text: folded)
    let path = directory("out.svg")
    let outcome = try await ToolboxProcess.run(
      ["perf", "flamegraph", directory("in.folded"), "-o", path] + arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  private func titles(_ svg: String) -> [String] {
    svg.split(separator: "<title>").dropFirst().map { String($0.prefix { $0 != "<" }) }
  }

  @Test("names, counts and shares are those that people know")
  func numbers() async throws {
    let directory = try TemporaryDirectory()
    let svg = try await draw(Self.stacks, in: directory)
    #expect(
      titles(svg) == [
        "all (100 samples, 100%)", "app (90 samples, 90.00%)", "main (90 samples, 90.00%)",
        "draw (50 samples, 50.00%)", "paint (50 samples, 50.00%)", "parse (40 samples, 40.00%)",
        "read (30 samples, 30.00%)", "other (10 samples, 10.00%)", "wait (10 samples, 10.00%)",
      ])
    let difference = try await draw("a;b 1 3\na;c 3 1\n", in: directory)
    #expect(titles(difference).contains("b (3 samples, 75.00%; +50.00%)"))
    #expect(titles(difference).contains("c (1 samples, 25.00%; -50.00%)"))
    let base = try await draw(Self.stacks, ["--base", "parse", "--exclude", "read"], in: directory)
    #expect(titles(base) == ["all (10 samples, 100%)", "parse (10 samples, 100.00%)"])
    let reversed = try await draw(Self.stacks, ["--reverse", "--title", "Turned"], in: directory)
    #expect(titles(reversed).contains("read (30 samples, 30.00%)") && reversed.contains(">Turned<"))
  }

  @Test("colours of names are kept in palette.map, and a changed one counts")
  func keptColours() async throws {
    let directory = try TemporaryDirectory()
    func draw(_ folded: String) async throws -> String {
      try directory.write("in.folded", text: folded)
      let outcome = try await ToolboxProcess.run(
        ["perf", "flamegraph", "in.folded", "--cp", "-o", "out.svg"], workingDirectory: directory.path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try String(contentsOfFile: directory("out.svg"), encoding: .utf8)
    }
    func kept() throws -> [String] {
      try String(contentsOfFile: directory("palette.map"), encoding: .utf8).split(separator: "\n").map(String.init)
    }
    _ = try await draw("app;main 30\n")
    #expect(try kept().map { $0.prefix { $0 != "-" } } == ["all", "app", "main"])
    let changed = try kept().dropLast() + ["a->b->rgb(9,8,7)", "main->rgb(1,2,3)", "no colour", "x->rgb(300,0,0)"]
    try directory.write("palette.map", text: changed.joined(separator: "\n") + "\n")
    let second = try await draw("app;main 30\napp;a->b 5\napp;new 5\n")
    #expect(second.contains("fill=\"#010203\"") && second.contains("fill=\"#090807\""))
    let names = try kept().map { $0.prefix(upTo: $0.ranges(of: "->rgb").last?.lowerBound ?? $0.endIndex) }
    #expect(names == ["a->b", "all", "app", "main", "new"])
    // What stands in the way is not written over.
    try directory.write("elsewhere", text: "mine")
    try FileManager.default.removeItem(atPath: directory("palette.map"))
    try FileManager.default.createSymbolicLink(
      atPath: directory("palette.map"), withDestinationPath: directory("elsewhere"))
    _ = try await ToolboxProcess.run(
      ["perf", "flamegraph", "in.folded", "--cp", "-o", "out.svg"], workingDirectory: directory.path)
    #expect(try String(contentsOfFile: directory("elsewhere"), encoding: .utf8) == "mine")
  }

  @Test("attributes of functions are titles and addresses of the web, and nothing that runs")
  func attributes() async throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      "attributes",
      text:
        "main\ttitle=The <main> one\thref=https://example.org/?a=1&b=2\nparse\thref=javascript:alert(1)\nread\tonclick=x\n"
    )
    let svg = try await draw(Self.stacks, ["--nameattr", file], in: directory)
    #expect(titles(svg).contains("The &lt;main&gt; one"))
    #expect(svg.contains("<g class=\"f\" data-href=\"https://example.org/?a=1&amp;b=2\">"))
    #expect(!svg.contains("javascript:") && !svg.contains("onclick"))
  }

  @Test("narrow neighbours become one box that says how many they are")
  func narrow() async throws {
    let directory = try TemporaryDirectory()
    let many = (100..<400).map { "app;f\($0) 1\n" }.joined() + "app;wide 100000\n"
    let svg = try await draw(many, ["--minwidth", "1"], in: directory)
    #expect(titles(svg).contains("300 frames too narrow to draw, together 300 samples"))
    #expect(svg.contains("300 frames narrower than 1 px merged"))
  }

  @Test("a profile without a count is refused with a picture that says so")
  func nothing() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("in.folded", text: "a;b 0\n")
    let outcome = try await ToolboxProcess.run(["perf", "flamegraph", directory("in.folded")])
    #expect(outcome.status == 65)
    #expect(outcome.output.contains("<svg") && outcome.output.contains("no stack to draw"))
  }

  /// Names that would be markup, script or a trick in a careless picture.
  private static let hostile =
    "]]><script>document.title='run'</script>;a\"onload=\"x;it's&amp;<b>;turn\u{202E}ed;nul\u{0}\u{1}\u{FFFE} 5\n"

  @Test(
    "hostile names are text and nothing else",
    .enabled(if: FileManager.default.isExecutableFile(atPath: xmllint), "xmllint is not installed"))
  func hostile() async throws {
    let directory = try TemporaryDirectory()
    let svg = try await draw(
      "ok 1\n" + Self.hostile, ["--title", "<&\"'>", "--subtitle", "]]>", "--countname", "\"<x>"], in: directory)
    #expect(svg.components(of: "<script>") == 1 && svg.components(of: "]]>") == 1)
    #expect(!svg.contains("\u{202E}") && !svg.contains("\u{0}"))
    let outcome = try await ToolboxProcess.run(path: Self.xmllint, ["--noout", directory("out.svg")])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test(
    "zoom, search, keys, reset and the address work in a browser",
    .enabled(if: chromium != nil, "chromium is not installed"), .timeLimit(.minutes(5)))
  func browser() async throws {
    let directory = try TemporaryDirectory()
    let svg = try await draw(Self.stacks + Self.hostile, in: directory)
    // A second script acts as a person would, and writes down what it sees.
    let driver = """
      <script><![CDATA[
      const problems = [];
      addEventListener("error", e => problems.push(String(e.message)));
      addEventListener("DOMContentLoaded", () => setTimeout(() => {
        const notes = [], get = id => document.getElementById(id);
        const box = name => [...document.querySelectorAll(".f")].find(g => g.textContent.startsWith(name + " ("));
        const width = name => Math.round(+box(name).querySelector("rect").getAttribute("width"));
        const shown = name => !box(name).classList.contains("hide");
        const whole = width("all");
        notes.push("reset hidden " + get("reset").classList.contains("hide"));
        box("parse").querySelector("rect").dispatchEvent(new MouseEvent("click", {bubbles: true}));
        notes.push("zoomed " + (width("parse") === whole) + shown("read") + shown("main") + !shown("wait"));
        notes.push("address " + location.search.startsWith("?x="));
        get("reset").dispatchEvent(new MouseEvent("click", {bubbles: true}));
        notes.push("reset " + (width("parse") < whole && shown("wait")));
        const field = get("search");
        field.value = "parse|read";
        field.dispatchEvent(new Event("input"));
        notes.push(get("matched").textContent + " " + box("read").classList.contains("hit"));
        notes.push("kept " + location.search.includes("s=parse"));
        field.value = "PARSE";
        field.dispatchEvent(new Event("input"));
        notes.push("case " + get("matched").textContent);
        get("case").dispatchEvent(new MouseEvent("click", {bubbles: true}));
        notes.push("any case " + get("matched").textContent);
        const key = k => dispatchEvent(new KeyboardEvent("keydown", {key: k, cancelable: true}));
        key("ArrowUp"); key("ArrowUp"); key("Enter");
        notes.push("keys " + (width("main") === whole) + " " + get("details").textContent.startsWith("Function: main"));
        key("Escape");
        notes.push("escape " + (width("main") < whole));
        notes.push("title " + (document.title === "run") + " problems " + problems.join());
        const out = document.createElementNS("http://www.w3.org/2000/svg", "desc");
        out.textContent = "NOTES " + notes.join(" | ") + " END";
        document.documentElement.appendChild(out);
      }, 50));
      ]]></script>
      </svg>
      """
    let end = try #require(svg.ranges(of: "</svg>").last)
    try directory.write("driven.svg", text: svg.replacingCharacters(in: end, with: driver))
    let outcome = try await ToolboxProcess.run(
      path: try #require(Self.chromium),
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
        "--virtual-time-budget=3000", "--user-data-dir=\(directory("profile"))", "--dump-dom",
        "file://" + directory("driven.svg"),
      ], environment: ["HOME": directory.path])
    #expect(!outcome.errors.contains("CONSOLE"), "\(outcome.errors)")
    let start = try #require(outcome.output.ranges(of: "NOTES ").last, "\(outcome.output.suffix(400))")
    let notes = outcome.output[start.upperBound...].prefix { $0 != "<" }
    #expect(
      notes == """
        reset hidden true | zoomed truetruetruetrue | address true | reset true | Matched: 38.1% true | kept true | \
        case Matched: 0.0% | any case Matched: 38.1% | keys true true | escape true | title false problems  END
        """)
  }
}

extension String {
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
