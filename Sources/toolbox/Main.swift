import ToolboxCommands

@main
struct Main {
  static func main() {
    Toolbox.runProcess()
  }
}
