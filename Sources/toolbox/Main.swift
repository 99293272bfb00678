import ToolboxCommands

@main
struct Main {
  static func main() async {
    await Toolbox.runProcess()
  }
}
